package io.faultline.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.device.FailurePlan.Failure;
import io.faultline.engine.device.FailurePlan.Kind;
import io.faultline.engine.runtime.EngineRuntime;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: each wrapper does its one thing, and nothing when it is not asked to. Method: memory below,
 * virtual time, and for every failure kind the observation that tells it from success.
 */
@Timeout(60)
class WrapperDevicesTest {
  private static final long SIZE = 64 * 4096;

  /** Virtual time with timers only; a fork would be a thread, and none is allowed. */
  private static final class VirtualTime implements EngineRuntime {
    private record Due(long at, long order, Runnable body) {}

    private final PriorityQueue<Due> queue =
        new PriorityQueue<>(Comparator.comparingLong(Due::at).thenComparingLong(Due::order));
    private long now;
    private long order;

    @Override
    public long nanoTime() {
      return now;
    }

    @Override
    public long wallNanos() {
      return now;
    }

    @Override
    public void fork(String name, Runnable body) {
      throw new AssertionError("a thread for " + name);
    }

    @Override
    public void forkPlatform(String name, Runnable body) {
      throw new AssertionError("a thread for " + name);
    }

    @Override
    public Timer schedule(long delayNanos, Runnable callback) {
      Due due = new Due(now + delayNanos, order++, callback);
      queue.add(due);
      return () -> queue.remove(due);
    }

    @Override
    public boolean simulated() {
      return true;
    }

    void advanceTo(long time) {
      while (!queue.isEmpty() && queue.peek().at() <= time) {
        Due due = queue.remove();
        now = due.at();
        due.body().run();
      }
      now = time;
    }
  }

  @Test
  void memoryMatchesAByteArrayAndIsSparse() throws IOException {
    try (MemoryDevice device = new MemoryDevice(SIZE)) {
      assertThat(Blocks.againstModel(device, Blocks.memory(64), 5, 600)).isGreaterThan(1000);
    }
    try (MemoryDevice huge = new MemoryDevice(1L << 40)) {
      huge.run(Blocks.write((1L << 28) - 1, 3));
      assertThat(Blocks.read(huge, (1L << 28) - 1)).isEqualTo(Blocks.filled(3));
      assertThat(Blocks.read(huge, 77)).isEqualTo(new byte[4096]);
      assertThat(huge.allocatedBytes()).isEqualTo(MemoryDevice.AREA_BYTES);
      huge.run(Io.discard((1L << 40) - MemoryDevice.AREA_BYTES, MemoryDevice.AREA_BYTES));
      assertThat(huge.allocatedBytes()).isZero();
    }
  }

  @Test
  void transferAndCompletionAreTasksOfTheirOwn() throws IOException {
    ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    MemoryDevice device = new MemoryDevice(SIZE, tasks::add);
    MemorySegment memory = Blocks.memory(1);
    memory.fill((byte) 1);
    Io io = Io.write(0, memory, Blocks.FIRST, 1);
    device.submit(io);
    memory.fill((byte) 2); // the device has not looked yet
    assertThat(tasks).hasSize(1);
    tasks.remove().run();
    memory.fill((byte) 3); // now it has
    assertThat(io.isDone()).isFalse();
    assertThat(Blocks.read(device.copy(), 0)).isEqualTo(Blocks.filled(2));
    tasks.remove().run();
    assertThat(io.isDone()).isTrue();
  }

  @Test
  void twoHundredSlowRequestsTakeOneLatencyAndNoThread() {
    VirtualTime time = new VirtualTime();
    long latency = 20_000_000;
    CountingDevice below = new CountingDevice(new MemoryDevice(SIZE));
    SlowDevice device = new SlowDevice(below, time, SlowDevice.Latency.of(latency));
    List<Io> all = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      all.add(Io.read((i % 64) * 4096L, Blocks.memory(1), Blocks.FIRST, 1));
    }
    device.submit(all);
    time.advanceTo(latency - 1);
    assertThat(below.reads()).isZero();
    assertThat(all).noneMatch(Io::isDone);
    time.advanceTo(latency);
    assertThat(below.reads()).isEqualTo(200);
    assertThat(all).allMatch(Io::isDone);
  }

  @Test
  void aCrashKeepsWhatWasFlushedAndLosesTheRest() throws IOException {
    RecordingDevice device = new RecordingDevice(new MemoryDevice(SIZE));
    device.run(Blocks.write(0, 1));
    device.run(Io.flush());
    device.run(Blocks.write(0, 2));
    device.run(Blocks.write(1, 3));
    assertThat(device.pendingAt(device.clock())).isEqualTo(2);
    MemoryDevice lost = device.crashImage(CrashChoice.dropAll());
    assertThat(Blocks.read(lost, 0)).isEqualTo(Blocks.filled(1));
    assertThat(Blocks.read(lost, 1)).isEqualTo(new byte[4096]);
    MemoryDevice kept = device.crashImage(CrashChoice.keepAll());
    assertThat(Blocks.read(kept, 0)).isEqualTo(Blocks.filled(2));
    MemoryDevice reordered = device.crashImage(CrashChoice.requests(n -> n == 1));
    assertThat(Blocks.read(reordered, 0)).isEqualTo(Blocks.filled(1));
    assertThat(Blocks.read(reordered, 1)).isEqualTo(Blocks.filled(3));
    // Before the flush had completed even the first write was open.
    assertThat(Blocks.read(device.crashImageAt(3, CrashChoice.dropAll()), 0))
        .isEqualTo(new byte[4096]);
    assertThat(Blocks.read(device.crashImageAt(4, CrashChoice.dropAll()), 0))
        .isEqualTo(Blocks.filled(1));
    device.run(Io.flush());
    assertThat(Blocks.read(device.crashImage(CrashChoice.dropAll()), 1))
        .isEqualTo(Blocks.filled(3));
    assertThat(List.of(device.writes(), device.flushes(), device.reads()))
        .containsExactly(3L, 2L, 0L);
  }

  @Test
  void aFlushDoesNotCoverAWriteThatWasStillInFlight() throws IOException {
    ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    RecordingDevice device = RecordingDevice.overEmpty(new MemoryDevice(SIZE, tasks::add));
    device.submit(Blocks.write(0, 1));
    device.submit(Io.flush());
    while (!tasks.isEmpty()) {
      tasks.remove().run();
    }
    assertThat(Blocks.read(device.crashImage(CrashChoice.dropAll()), 0)).isEqualTo(new byte[4096]);
    device.submit(Io.flush()); // the control: one submitted after completion does
    while (!tasks.isEmpty()) {
      tasks.remove().run();
    }
    assertThat(Blocks.read(device.crashImage(CrashChoice.dropAll()), 0))
        .isEqualTo(Blocks.filled(1));
  }

  @Test
  void aFailedFlushMakesNothingDurable() throws IOException {
    FailurePlan plan = new FailurePlan(1).add(Failure.once(Kind.FLUSH_ERROR, 1));
    RecordingDevice device =
        RecordingDevice.overEmpty(new FailingDevice(new MemoryDevice(SIZE), plan));
    device.run(Blocks.write(0, 1));
    assertThatThrownBy(() -> device.run(Io.flush())).hasMessageContaining("EIO");
    assertThat(device.pendingAt(device.clock())).isEqualTo(1);
  }

  @Test
  void seededCrashesKeepDropAndTearAtSectorsAndRepeat() throws IOException {
    RecordingDevice device = new RecordingDevice(new MemoryDevice(SIZE));
    device.run(Blocks.write(0, 1));
    TreeSet<Integer> prefixes = new TreeSet<>();
    for (long seed = 0; seed < 200; seed++) {
      byte[] once = Blocks.read(device.crashImage(CrashChoice.seeded(seed)), 0);
      assertThat(Blocks.read(device.crashImage(CrashChoice.seeded(seed)), 0)).isEqualTo(once);
      prefixes.add(Blocks.prefix(once, 1));
    }
    assertThat(prefixes).containsExactly(0, 512, 1024, 1536, 2048, 2560, 3072, 3584, 4096);
  }

  private static FailingDevice failing(MemoryDevice below, FailurePlan plan) {
    return new FailingDevice(below, plan);
  }

  @Test
  void errorsComeAtTheirNumberOnceOrForEver() throws IOException {
    for (Kind kind :
        List.of(
            Kind.READ_ERROR,
            Kind.WRITE_ERROR,
            Kind.NO_SPACE,
            Kind.FLUSH_ERROR,
            Kind.DISCARD_ERROR)) {
      for (boolean sticky : new boolean[] {false, true}) {
        FailurePlan plan = new FailurePlan(1);
        FailingDevice device = failing(new MemoryDevice(SIZE), plan);
        plan.add(sticky ? Failure.from(kind, 3) : Failure.once(kind, 3));
        StringBuilder outcome = new StringBuilder();
        for (int i = 0; i < 5; i++) {
          Io io =
              switch (kind.op()) {
                case READ -> Io.read(0, Blocks.memory(1), Blocks.FIRST, 1);
                case WRITE -> Blocks.write(0, 1);
                case FLUSH -> Io.flush();
                case DISCARD -> Io.discard(0, 4096);
              };
          device.submit(io);
          outcome.append(io.failure() == null ? '+' : '-');
        }
        assertThat(outcome.toString()).isEqualTo(sticky ? "++---" : "++-++");
        assertThat(plan.injected()).hasSize(sticky ? 3 : 1);
        plan.clear();
        device.run(Blocks.write(0, 1));
        assertThat(Blocks.read(device, 0)).isEqualTo(Blocks.filled(1));
      }
    }
  }

  @Test
  void aRangeFailsAndItsNeighboursDoNot() throws IOException {
    FailurePlan plan = new FailurePlan(1).add(Failure.within(Kind.READ_ERROR, 4096, 8192));
    FailingDevice device = failing(new MemoryDevice(SIZE), plan);
    assertThat(Blocks.read(device, 0)).isEqualTo(new byte[4096]);
    assertThat(Blocks.read(device, 2)).isEqualTo(new byte[4096]);
    assertThatThrownBy(() -> Blocks.read(device, 1)).hasMessageContaining("EIO");
  }

  @Test
  void aTornWriteLeavesAProperPrefixOfSectors() throws IOException {
    TreeSet<Integer> sectors = new TreeSet<>();
    for (long seed = 0; seed < 200; seed++) {
      MemoryDevice below = new MemoryDevice(SIZE);
      MemorySegment two = Blocks.memory(2);
      two.fill((byte) 1);
      below.run(Io.write(0, two, new long[] {0, 4096}, 2));
      two.fill((byte) 2);
      FailingDevice device =
          failing(below, new FailurePlan(seed).add(Failure.once(Kind.TORN_WRITE, 1)));
      assertThatThrownBy(() -> device.run(Io.write(0, two, new long[] {0, 4096}, 2)))
          .hasMessageContaining("EIO");
      MemorySegment after = Blocks.memory(2);
      below.run(Io.read(0, after, new long[] {0, 4096}, 2));
      byte[] bytes = after.toArray(ValueLayout.JAVA_BYTE);
      int kept = Blocks.prefix(bytes, 2);
      assertThat(Arrays.copyOfRange(bytes, kept, 8192)).containsOnly(1);
      assertThat(kept % 512).isZero();
      sectors.add(kept / 512);
    }
    assertThat(sectors).hasSize(15).doesNotContain(0, 16);
  }

  @Test
  void lostMisdirectedRottenAndUnflushedAllReportSuccess() throws IOException {
    MemoryDevice below = new MemoryDevice(SIZE);
    FailurePlan plan = new FailurePlan(7);
    FailingDevice device = failing(below, plan);
    plan.add(Failure.once(Kind.LOST_WRITE, 1));
    device.run(Blocks.write(5, 1));
    assertThat(Blocks.read(below, 5)).isEqualTo(new byte[4096]);

    plan.add(Failure.once(Kind.MISDIRECTED_WRITE, 1));
    device.run(Blocks.write(5, 2));
    assertThat(Blocks.read(below, 5)).isEqualTo(new byte[4096]);
    int elsewhere = 0;
    for (int b = 0; b < 64; b++) {
      elsewhere += Arrays.equals(Blocks.read(below, b), Blocks.filled(2)) ? 1 : 0;
    }
    assertThat(elsewhere).isEqualTo(1);

    device.run(Blocks.write(5, 3));
    plan.add(Failure.once(Kind.BIT_ROT, 1));
    byte[] rotten = Blocks.read(device, 5);
    int flipped = 0;
    for (byte b : rotten) {
      flipped += Integer.bitCount((b ^ 3) & 0xff);
    }
    assertThat(flipped).isEqualTo(1);
    assertThat(Blocks.read(device, 5)).isEqualTo(Blocks.filled(3));

    CountingDevice counting = new CountingDevice(below);
    FailingDevice liar =
        new FailingDevice(counting, new FailurePlan(1).add(Failure.once(Kind.LYING_FLUSH, 1)));
    liar.run(Io.flush());
    assertThat(counting.flushes()).isZero();
    liar.run(Io.flush());
    assertThat(counting.flushes()).isEqualTo(1);
    assertThat(plan.injected())
        .extracting(FailurePlan.Injected::kind)
        .containsExactly(Kind.LOST_WRITE, Kind.MISDIRECTED_WRITE, Kind.BIT_ROT);
  }
}
