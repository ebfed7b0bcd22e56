package io.faultline.engine.volume;

import static io.faultline.engine.EngineFixture.PAGE;
import static io.faultline.engine.EngineFixture.Setup.SMALL;
import static io.faultline.engine.EngineFixture.bytes;
import static io.faultline.engine.EngineFixture.page;
import static io.faultline.engine.EngineFixture.read;
import static io.faultline.engine.EngineFixture.runs;
import static io.faultline.engine.EngineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.EngineFixture;
import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.device.DeviceCapabilities;
import io.faultline.engine.device.FailingDevice;
import io.faultline.engine.device.FailurePlan;
import io.faultline.engine.device.Io;
import io.faultline.engine.device.MemoryDevice;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockRank;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: commands on one inode never overlap and on many do; the lock order holds under a mixed
 * load; what fails leaves everything as it was; memory stays bounded. Method: real threads and
 * actors, devices that hold or fail chosen requests.
 */
@Timeout(90)
class EngineUnderLoadTest {
  private static final int INODES = 64;

  /** Counts the writes that are being executed at once, and holds them until told otherwise. */
  private static final class Turnstile implements BlockDevice {
    final MemoryDevice delegate = new MemoryDevice(SMALL.blocks() * PAGE);
    final AtomicInteger inside = new AtomicInteger();
    final AtomicInteger most = new AtomicInteger();
    volatile CountDownLatch expected = new CountDownLatch(0);
    volatile boolean counts;

    @Override
    public void submit(Io io) {
      boolean counted = counts && io.op() == Io.Op.WRITE;
      if (counted) {
        most.accumulateAndGet(inside.incrementAndGet(), Math::max);
        expected.countDown();
        try {
          expected.await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
      if (counted) {
        inside.decrementAndGet();
      }
      delegate.submit(io);
    }

    @Override
    public long sizeBytes() {
      return delegate.sizeBytes();
    }

    @Override
    public DeviceCapabilities capabilities() {
      return delegate.capabilities();
    }

    @Override
    public void close() throws IOException {
      delegate.close();
    }
  }

  private static OpenInode written(EngineFixture volume, String path) throws FsException {
    OpenInode f = volume.file(path);
    write(f, 0, page('A'));
    f.sync(true);
    return f;
  }

  @Test
  void punchesOnOneInodeNeverOverlap() throws Exception {
    Turnstile device = new Turnstile();
    try (EngineFixture volume = EngineFixture.open(SMALL, device)) {
      OpenInode f = written(volume, "/f");
      device.counts = true;
      List<CompletableFuture<Void>> punches = new ArrayList<>();
      for (int k = 0; k < 64; k++) {
        punches.add(f.punchHole(k * 60L, 30));
      }
      for (CompletableFuture<Void> punch : punches) {
        OpenInode.await(punch);
      }
      assertThat(device.most).hasValue(1);
      assertThat(runs(read(f, 0, 90))).isEqualTo("30*0 30*A 30*0");
    }
  }

  /** The latch opens only when all are inside: if they did not overlap the test would not end. */
  @Test
  void punchesOnSixtyFourInodesOverlap() throws Exception {
    Turnstile device = new Turnstile();
    try (EngineFixture volume = EngineFixture.open(SMALL.withFrames(1_024), device)) {
      List<OpenInode> files = new ArrayList<>();
      for (int k = 0; k < INODES; k++) {
        files.add(written(volume, "/f" + k));
      }
      device.expected = new CountDownLatch(INODES);
      device.counts = true;
      List<CompletableFuture<Void>> punches = new ArrayList<>();
      for (OpenInode f : files) {
        punches.add(f.punchHole(100, 200));
      }
      for (CompletableFuture<Void> punch : punches) {
        OpenInode.await(punch);
      }
      assertThat(device.most).hasValue(INODES);
      device.counts = false;
    }
  }

  /** Less than a page, in the middle of an extent of several. */
  @Test
  void aPartOfAPageInsideALongExtentIsPunchedAndZeroed() throws Exception {
    try (EngineFixture volume = EngineFixture.open(SMALL)) {
      OpenInode f = volume.file("/f");
      write(f, 0, bytes('A', 6 * PAGE));
      f.sync(true);
      OpenInode.await(f.punchHole(3 * PAGE + 100, 200));
      OpenInode.await(f.zeroRange(2 * PAGE + 100, 200, true));
      volume.volume().dropCaches();
      assertThat(runs(read(f, 0, 6 * PAGE))).isEqualTo("8292*A 200*0 3896*A 200*0 11988*A");
      volume.requireSound();
    }
  }

  private static final Set<String> ALLOWED = allowed();

  private static Set<String> allowed() {
    Set<String> edges = new TreeSet<>();
    for (LockRank outer : LockRank.values()) {
      for (LockRank inner : LockRank.values()) {
        boolean down = outer.position() < inner.position();
        if (down || (outer == inner && outer.ascending())) {
          edges.add(outer + " -> " + inner);
        }
      }
    }
    return edges;
  }

  @Test
  void aMixedLoadNestsLocksOnlyInTheirOrder(TestReporter reporter) throws Exception {
    try (EngineFixture volume = EngineFixture.open(SMALL)) {
      AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        SplittableRandom random = new SplittableRandom(t);
        threads.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      try {
                        for (int step = 0; step < 250; step++) {
                          anything(volume, random);
                        }
                      } catch (Throwable problem) {
                        thrown.compareAndSet(null, problem);
                      }
                    }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      if (thrown.get() != null) {
        throw new AssertionError(thrown.get());
      }
      volume.volume().sync();
      volume.requireSound();
    }
    List<String> edges =
        LockOrder.edges().stream().map(e -> e.outer() + " -> " + e.inner()).sorted().toList();
    reporter.publishEntry("edges", String.join(", ", edges));
    reporter.publishEntry("graph", String.join("\n", LockOrder.graph()));
    assertThat(ALLOWED).containsAll(edges);
    assertThat(edges).contains("IO -> MAPPING", "IO -> SLOT", "MAPPING -> SLOT");
    List<String> order = documentedOrder();
    assertThat(LockOrder.graph())
        .contains("WRITEBACK -> INODE_STATE/DATA_FILE", "COMMIT -> ALLOCATION_GROUP/VOLUME")
        .allSatisfy(
            edge -> {
              String[] ends = edge.replaceAll("/[A-Z_]+", "").split(" -> ", -1);
              assertThat(order).contains(ends[0], ends[1]);
              int outer = order.indexOf(ends[0]);
              int inner = order.indexOf(ends[1]);
              boolean ascends = ends[0].equals(ends[1]) && LockRank.valueOf(ends[0]).ascending();
              assertThat(outer < inner || ascends).as("%s goes inwards", edge).isTrue();
            });
  }

  /** LOCKING.md, section 2: the one order of locks, drains and barriers. */
  private static List<String> documentedOrder() throws Exception {
    Pattern line = Pattern.compile(" {4}(OPERATIONS > [A-Z_> \\n]+DEVICE)");
    Matcher found = line.matcher(Files.readString(Path.of("..", "LOCKING.md")));
    assertThat(found.find()).as("LOCKING.md gives the order").isTrue();
    return List.of(found.group(1).trim().split("\\s*>\\s*", -1));
  }

  private static void anything(EngineFixture volume, SplittableRandom random) throws Exception {
    OpenInode f = volume.file("/m" + random.nextInt(4));
    long at = random.nextLong(60 * PAGE);
    int length = 1 + random.nextInt(4 * PAGE);
    long aligned = at / PAGE * PAGE;
    try (f) {
      switch (random.nextInt(13)) {
        case 0, 1 -> write(f, at, bytes('W', length));
        case 2 -> f.append(ByteBuffer.wrap(bytes('P', 1 + length / 4)));
        case 3, 4 -> read(f, at, length);
        case 5 -> OpenInode.await(f.punchHole(at, length));
        case 6 -> OpenInode.await(f.truncate(at));
        case 7 -> OpenInode.await(f.zeroRange(at, length, random.nextBoolean()));
        case 8 -> OpenInode.await(f.allocate(at, length, random.nextBoolean()));
        case 9 -> f.advise(aligned, length, OpenInode.Advice.WILL_NEED);
        case 10 -> f.advise(aligned, length, OpenInode.Advice.DONT_NEED);
        case 11 -> {
          if (random.nextBoolean()) {
            OpenInode.await(f.collapseRange(aligned, PAGE));
          } else {
            OpenInode.await(f.insertRange(aligned, PAGE));
          }
        }
        default -> f.sync(random.nextBoolean());
      }
    } catch (FsException e) {
      // Collapse and insert at or behind the end of a file that others cut.
      assertThat(e.errno()).isEqualTo(Errno.EINVAL);
    }
  }

  private interface Operation {
    void run(OpenInode f) throws Exception;
  }

  /**
   * The 1st, 2nd, … write fails until none is left to fail; after each failure all is as before.
   */
  private static int anomalies(FailurePlan.Kind kind, Operation operation, boolean keepsContent)
      throws Exception {
    for (int nth = 1; ; nth++) {
      FailurePlan plan = new FailurePlan(nth);
      FailingDevice device = new FailingDevice(new MemoryDevice(SMALL.blocks() * PAGE), plan);
      try (EngineFixture volume = EngineFixture.open(SMALL, device)) {
        OpenInode f = volume.file("/f");
        write(f, 0, bytes('A', 6 * PAGE));
        volume.volume().dropCaches();
        plan.add(FailurePlan.Failure.once(kind, nth));
        boolean failed = false;
        try {
          operation.run(f);
        } catch (FsException e) {
          assertThat(e.errno()).isEqualTo(Errno.EIO);
          failed = true;
        }
        boolean hit = !plan.injected().isEmpty();
        plan.clear();
        assertThat(failed).as("%s %s", kind, nth).isEqualTo(hit);
        assertThat(f.vnode().ioLock().heldExclusive()).isFalse();
        assertThat(f.vnode().mapping().lock().heldExclusive()).isFalse();
        if (failed && keepsContent) {
          assertThat(f.size()).isEqualTo(6 * PAGE);
          assertThat(runs(read(f, 0, 6 * PAGE))).as("%s %s", kind, nth).isEqualTo("24576*A");
        }
        // The volume works on, and nothing leaked.
        write(f, 0, page('Z'));
        volume.volume().sync();
        volume.requireSound();
        if (!failed) {
          return nth - 1;
        }
      }
    }
  }

  @Test
  void aFailedCommandChangesNothingWhicheverTransferFails(TestReporter reporter) throws Exception {
    Operation punch = f -> OpenInode.await(f.punchHole(100, 3 * PAGE));
    Operation truncate = f -> OpenInode.await(f.truncate(2 * PAGE + 7));
    Operation zero = f -> OpenInode.await(f.zeroRange(100, 8 * PAGE, false));
    int failures = 0;
    for (FailurePlan.Kind kind :
        List.of(
            FailurePlan.Kind.READ_ERROR,
            FailurePlan.Kind.WRITE_ERROR,
            FailurePlan.Kind.TORN_WRITE)) {
      for (Operation operation : List.of(truncate, zero)) {
        int n = anomalies(kind, operation, true);
        assertThat(n).isPositive();
        failures += n;
      }
      // A punch with two edges may have zeroed one of them: content is asked of one-edge ones only.
      failures += anomalies(kind, punch, false);
      failures += anomalies(kind, f -> OpenInode.await(f.punchHole(100, 3 * PAGE - 100)), true);
    }
    reporter.publishEntry("failures injected", "" + failures);
    assertThat(anomalies(FailurePlan.Kind.WRITE_ERROR, f -> allocate(f), true)).isZero();
  }

  private static void allocate(OpenInode f) throws FsException {
    OpenInode.await(f.allocate(6 * PAGE, 4 * PAGE, true));
  }

  @Test
  void aFailedWriteAndFsyncIsToldAndLeaksNothing() throws Exception {
    Operation writeAndSync =
        f -> {
          write(f, 10L * PAGE, bytes('B', 3 * PAGE));
          f.sync(true);
        };
    assertThat(anomalies(FailurePlan.Kind.WRITE_ERROR, writeAndSync, false)).isPositive();
  }

  @Test
  void everyOpenFileHearsOfALostWritebackOnce() throws Exception {
    FailurePlan plan = new FailurePlan(1);
    FailingDevice device = new FailingDevice(new MemoryDevice(SMALL.blocks() * PAGE), plan);
    try (EngineFixture volume = EngineFixture.open(SMALL, device)) {
      OpenInode one = volume.file("/f");
      OpenInode two = volume.file("/f");
      write(one, 0, page('A'));
      plan.add(FailurePlan.Failure.once(FailurePlan.Kind.WRITE_ERROR, 1));
      for (OpenInode file : List.of(one, two)) {
        assertThatThrownBy(() -> file.sync(true))
            .isInstanceOfSatisfying(
                FsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EIO));
        file.sync(true);
      }
      OpenInode late = volume.file("/f");
      late.sync(true);
      volume.requireSound();
    }
  }

  @Test
  void evictionNeverNeedsMoreThanTheFrames() throws Exception {
    try (EngineFixture volume = EngineFixture.open(SMALL)) {
      OpenInode f = volume.file("/f");
      for (int k = 0; k < 20; k++) {
        write(f, 50L * k * PAGE, bytes((char) ('a' + k), 50 * PAGE));
      }
      for (int k = 0; k < 20; k++) {
        assertThat(runs(read(f, 50L * k * PAGE, 50 * PAGE)))
            .isEqualTo(50 * PAGE + "*" + (char) ('a' + k));
      }
      assertThat(volume.volume().cacheCounters().evictions.sum()).isGreaterThan(1_000 - 256);
      volume.volume().dropCaches();
      assertThat(volume.volume().cache().freeFrames()).isEqualTo(volume.volume().cache().frames());
      volume.requireSound();
    }
  }

  @Test
  void farOffsetsOfASparseFileCostNoMemory() throws Exception {
    MemoryDevice device = new MemoryDevice(SMALL.blocks() * PAGE);
    try (EngineFixture volume = EngineFixture.open(SMALL, device)) {
      OpenInode f = volume.file("/f");
      OpenInode.await(f.truncate(LiveVolume.FILE_BYTES_MAX));
      long far = LiveVolume.FILE_BYTES_MAX - PAGE;
      assertThat(runs(read(f, far, 2 * PAGE))).isEqualTo("4096*0");
      int free = volume.volume().cache().freeFrames();
      for (long at = 0; at < LiveVolume.FILE_BYTES_MAX; at += LiveVolume.FILE_BYTES_MAX / 1_000) {
        assertThat(read(f, at, 1)).containsExactly(0);
      }
      assertThat(volume.volume().cache().freeFrames()).isEqualTo(free);
      for (int shift = 14; shift < 44; shift++) {
        write(f, (1L << shift) - 1, new byte[] {1, 2});
      }
      f.sync(true);
      for (int shift = 14; shift < 44; shift++) {
        assertThat(read(f, (1L << shift) - 1, 2)).containsExactly(1, 2);
      }
      assertThat(device.allocatedBytes()).isLessThan(16 << 20);
      OpenInode.await(f.punchHole(1, LiveVolume.FILE_BYTES_MAX - 1));
      assertThat(f.vnode().inode().extents().blocks()).isZero();
      volume.requireSound();
    }
  }
}
