package io.faultline.soak.price;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.lock.Guard;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Invariant I11 on a real volume and real threads. Goal: neither side of the mapping lock starves
 * the other. Method: one side never stops until the other has done its share; times are not
 * asserted, the timeout only ends a run that would never end. A lock that lets shared requests pass
 * a queued exclusive, or exclusives go first, fails in PhaseFairLockSimulationTest, where the
 * schedule that starves is chosen and not hoped for.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FairnessTest {
  private static final int SHARE = 300;

  @TempDir private Path directory;

  /** An operation on one file by a thread that has a number. */
  private interface Turn {
    void run(int number, SplittableRandom random, ByteBuffer buffer) throws IOException;
  }

  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  private Contender contender(Guard guard) throws IOException {
    PriceOptions options = new PriceOptions("ext4", 1, 1, 4 << 20, null);
    return Contender.of(guard, new Contender.Recipe(options, directory, (g, file) -> file));
  }

  /** Two threads without end beside this one, which does its share; how often they did theirs. */
  private long beside(Turn endless, Turn share) throws Exception {
    List<Thread> threads = new ArrayList<>();
    long[] turns = new long[2];
    for (int i = 0; i < turns.length; i++) {
      int number = i;
      Thread thread =
          new Thread(
              () -> {
                SplittableRandom random = new SplittableRandom(number);
                ByteBuffer buffer = PagePattern.buffer(1);
                try {
                  while (!over.get()) {
                    endless.run(number, random, buffer);
                    turns[number]++;
                  }
                } catch (IOException | RuntimeException | Error thrown) {
                  failure.compareAndSet(null, thrown);
                }
              });
      thread.setDaemon(true);
      thread.start();
      threads.add(thread);
    }
    try {
      SplittableRandom random = new SplittableRandom(9);
      ByteBuffer buffer = PagePattern.buffer(1);
      for (int i = 0; i < SHARE; i++) {
        share.run(0, random, buffer);
      }
    } finally {
      over.set(true);
      for (Thread thread : threads) {
        thread.join();
      }
    }
    assertThat(failure.get()).isNull();
    return turns[0] + turns[1];
  }

  private static Turn fill(PricedFile file) {
    return (number, random, buffer) ->
        file.read(random.nextInt(file.pages() / 2, file.pages()), buffer);
  }

  /** Each thread has pages of its own: only one may change a page at a time. */
  private static Turn punch(PricedFile file) {
    int quarter = file.pages() / 4;
    return (number, random, buffer) -> file.punch(number * quarter + random.nextInt(quarter), 1);
  }

  @ParameterizedTest
  @EnumSource(names = {"MAPPING_LOCK", "READS_UNDER_IO_LOCK", "RANGE_LOCK"})
  void endlessFillsLetAPunchThrough(Guard guard) throws Exception {
    try (Contender contender = contender(guard)) {
      PricedFile file = contender.half();
      long before = contender.fills();
      long reads = beside(fill(file), punch(file));
      assertThat(reads).isPositive();
      assertThat(contender.fills()).isGreaterThan(before);
      assertThat(contender.wrong()).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"MAPPING_LOCK", "READS_UNDER_IO_LOCK", "RANGE_LOCK"})
  void endlessPunchesLetAFillThrough(Guard guard) throws Exception {
    try (Contender contender = contender(guard)) {
      PricedFile file = contender.half();
      long before = contender.fills();
      long punches = beside(punch(file), fill(file));
      assertThat(punches).isPositive();
      assertThat(contender.fills()).isGreaterThan(before);
      assertThat(contender.wrong()).isZero();
    }
  }
}
