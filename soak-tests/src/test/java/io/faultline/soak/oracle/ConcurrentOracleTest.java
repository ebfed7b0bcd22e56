package io.faultline.soak.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.soak.oracle.Mutation.Op;
import io.faultline.soak.oracle.ReadClock.ReadTicket;
import io.faultline.soak.oracle.Violation.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

/**
 * The oracle with real threads on a file of memory. A right file, torn reads included, is never
 * accused; a file whose punch now and then leaves the data behind is found out.
 */
class ConcurrentOracleTest {

  private static final int SUB_BLOCKS = 64;
  private static final int SUB = Stamps.SUB_BLOCK_BYTES;
  private static final int WORDS_PER_SUB = SUB / Long.BYTES;

  /** Words are atomic, nothing else is: readers see torn sub-blocks, as on ext4. */
  private final AtomicLongArray file = new AtomicLongArray(SUB_BLOCKS * WORDS_PER_SUB);

  private final AtomicLong lostPunches = new AtomicLong();
  private final FileOracle oracle = new FileOracle(new ReadClock(), 3, (long) SUB_BLOCKS * SUB);
  private final Queue<Violation> found = new ConcurrentLinkedQueue<>();

  @Test
  void aRightFileIsNeverAccused() throws Exception {
    run(false);
    assertThat(found).isEmpty();
    assertThat(oracle.finalCheck((long) SUB_BLOCKS * SUB, this::readFile)).isEmpty();
  }

  @Test
  void aFileThatLosesPunchesIsFoundOut() throws Exception {
    run(true);
    assertThat(lostPunches).hasPositiveValue();
    assertThat(found).isNotEmpty();
    assertThat(found).extracting(Violation::kind).contains(Kind.STALE_READ);
  }

  private void run(boolean losePunches) throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      RandomGenerator random = random(i);
      threads.add(Thread.ofPlatform().start(() -> mutate(random, losePunches)));
      RandomGenerator other = random(100 + i);
      threads.add(Thread.ofPlatform().start(() -> read(other)));
    }
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private static RandomGenerator random(long seed) {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }

  private void mutate(RandomGenerator random, boolean losePunches) {
    for (int i = 0; i < 4_000; i++) {
      int first = random.nextInt(SUB_BLOCKS);
      int count = 1 + random.nextInt(Math.min(8, SUB_BLOCKS - first));
      boolean punch = random.nextInt(3) == 0;
      Mutation m =
          oracle.begin(punch ? Op.PUNCH : Op.WRITE, (long) first * SUB, (long) count * SUB);
      byte[] bytes = new byte[count * SUB];
      if (!punch) {
        Stamps.fill(bytes, 3, first, count, m.generation());
      }
      boolean lost = losePunches && punch && random.nextInt(10) == 0;
      if (lost) {
        lostPunches.incrementAndGet();
      } else {
        store(first, bytes);
      }
      oracle.end(m);
    }
  }

  private void store(int firstSubBlock, byte[] bytes) {
    java.nio.LongBuffer words = java.nio.ByteBuffer.wrap(bytes).asLongBuffer();
    for (int w = 0; w < words.limit(); w++) {
      file.set(firstSubBlock * WORDS_PER_SUB + w, words.get(w));
    }
  }

  private void read(RandomGenerator random) {
    for (int i = 0; i < 20_000; i++) {
      int offset = random.nextInt(SUB_BLOCKS * SUB - 4096);
      byte[] buffer = new byte[1 + random.nextInt(4096)];
      ReadTicket ticket = oracle.readStart();
      int count = readFile(offset, buffer);
      oracle.check(ticket, offset, buffer, count).ifPresent(found::add);
    }
  }

  private int readFile(long offset, byte[] target) {
    int count = (int) Math.min(target.length, Math.max(0, (long) SUB_BLOCKS * SUB - offset));
    long word = 0;
    long loaded = -1;
    for (int i = 0; i < count; i++) {
      long index = (offset + i) / Long.BYTES;
      if (index != loaded) {
        word = file.get((int) index);
        loaded = index;
      }
      target[i] = (byte) (word >>> (56 - 8 * (int) ((offset + i) % Long.BYTES)));
    }
    return count;
  }
}
