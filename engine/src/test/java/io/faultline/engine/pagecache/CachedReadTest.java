package io.faultline.engine.pagecache;

import static io.faultline.engine.EngineFixture.PAGE;
import static io.faultline.engine.EngineFixture.Setup.SMALL;
import static io.faultline.engine.EngineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.faultline.engine.EngineFixture;
import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.device.MemoryDevice;
import io.faultline.engine.device.SlowDevice;
import io.faultline.engine.lock.LockCounters;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.volume.OpenInode;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: a cached read takes no lock, allocates nothing, and never accepts a page that it saw half
 * written. Method: the counters of locks and of the JVM; and pages whose every word is the stamp of
 * the write that made it, read while others write, evict and punch, on real threads.
 */
@Timeout(120)
class CachedReadTest {
  private static final int PAGES = 400;

  @AfterEach
  void noMutantStays() {
    Mutant.activate();
  }

  @Test
  void cachedReadTakesNoLockAndAllocatesNothing() throws Exception {
    try (EngineFixture volume = EngineFixture.open(SMALL)) {
      OpenInode f = volume.file("/f");
      write(f, 0, EngineFixture.bytes('A', 64 * PAGE));
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      for (ByteBuffer buffer :
          List.of(ByteBuffer.allocate(PAGE), ByteBuffer.allocateDirect(PAGE))) {
        // Twice: the first pass is for the JIT, whose escape analysis is part of the claim.
        long bytes = -1;
        long locks = -1;
        for (int pass = 0; pass < 4; pass++) {
          long locksBefore = acquisitions(volume);
          long before = threads.getCurrentThreadAllocatedBytes();
          for (int i = 0; i < 100_000; i++) {
            buffer.clear();
            f.read(buffer, (long) (i & 63) * PAGE);
          }
          bytes = threads.getCurrentThreadAllocatedBytes() - before;
          locks = acquisitions(volume) - locksBefore;
        }
        assertThat(locks).isZero();
        // Reading the counter itself may show a few bytes; one object a read would be 2.4 MB.
        assertThat(bytes).as("direct %s", buffer.isDirect()).isLessThan(4_096);
      }
    }
  }

  private static long acquisitions(EngineFixture volume) {
    long sum = 0;
    for (LockCounters c :
        List.of(volume.volume().mappingLockCounters(), volume.volume().ioLockCounters())) {
      sum += c.sharedAcquired.sum() + c.exclusiveAcquired.sum();
    }
    return sum;
  }

  /** Every word of the page is {@code stamp}. */
  private static void stamp(ByteBuffer buffer, long stamp) {
    buffer.clear();
    while (buffer.hasRemaining()) {
      buffer.putLong(stamp);
    }
    buffer.flip();
  }

  private interface Task {
    void run(SplittableRandom random) throws Exception;
  }

  private static void together(int rounds, List<Task> tasks) throws InterruptedException {
    AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < tasks.size(); t++) {
      Task task = tasks.get(t);
      long seed = t;
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    SplittableRandom random = new SplittableRandom(seed);
                    try {
                      for (int round = 0; round < rounds && thrown.get() == null; round++) {
                        task.run(random);
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
  }

  /** Readers accept a page only if it is one stamp throughout, or a hole. */
  private static void stampedPages(BlockDevice device, int pages, int rounds, boolean punches)
      throws Exception {
    try (EngineFixture volume = EngineFixture.open(SMALL, device)) {
      OpenInode f = volume.file("/f");
      OpenInode.await(f.truncate((long) pages * PAGE));
      ByteBuffer mine = ByteBuffer.allocate(PAGE);
      for (long page = 0; page < pages; page++) {
        stamp(mine, page << 32);
        f.write(mine, page * PAGE);
      }
      Task writer =
          random -> {
            ByteBuffer buffer = ByteBuffer.allocate(PAGE);
            long page = random.nextLong(pages);
            stamp(buffer, (page << 32) | random.nextInt(Integer.MAX_VALUE));
            f.write(buffer, page * PAGE);
          };
      Task reader =
          random -> {
            ByteBuffer buffer = ByteBuffer.allocateDirect(PAGE);
            for (int again = 0; again < 4; again++) {
              buffer.clear();
              long page = random.nextLong(pages);
              assertThat(f.read(buffer, page * PAGE)).isEqualTo(PAGE);
              long first = buffer.getLong(0);
              for (int at = 8; at < PAGE; at += 8) {
                if (buffer.getLong(at) != first) {
                  throw new AssertionError("page " + page + " is torn at " + at);
                }
              }
              if (first != 0 && first >>> 32 != page) {
                throw new AssertionError("page " + page + " shows page " + (first >>> 32));
              }
            }
          };
      List<Task> tasks = new ArrayList<>(List.of(reader, reader, writer, writer));
      if (punches) {
        tasks.add(
            random -> {
              if (random.nextInt(16) == 0) {
                OpenInode.await(f.punchHole(random.nextLong(pages) * PAGE, 2 * PAGE));
              } else {
                f.advise(random.nextLong(pages) * PAGE, 4 * PAGE, OpenInode.Advice.DONT_NEED);
              }
            });
      }
      together(rounds, tasks);
      volume.volume().sync();
      assertThat(volume.volume().cache().freeFrames()).isNotNegative();
      volume.requireSound();
    }
  }

  @Test
  void noTornPageIsAcceptedWhileOthersWriteEvictAndPunch() throws Exception {
    stampedPages(new MemoryDevice(SMALL.blocks() * PAGE), PAGES, 6_000, true);
  }

  @Test
  void noTornPageIsAcceptedOnASlowDevice() throws Exception {
    BlockDevice slow =
        new SlowDevice(
            new MemoryDevice(SMALL.blocks() * PAGE),
            EngineRuntime.production(),
            SlowDevice.Latency.of(200_000));
    stampedPages(slow, PAGES, 150, true);
  }

  @Test
  void withoutTheVersionTornPagesAreAccepted() throws Exception {
    // Two hot pages, so that a whole write often fits into one reader's copy.
    stampedPages(new MemoryDevice(SMALL.blocks() * PAGE), 2, 20_000, false);
    Mutant.activate(Mutant.R6_WRITE_KEEPS_VERSION);
    assertThatThrownBy(
            () -> stampedPages(new MemoryDevice(SMALL.blocks() * PAGE), 2, 2_000_000, false))
        .hasMessageContaining("torn");
  }
}
