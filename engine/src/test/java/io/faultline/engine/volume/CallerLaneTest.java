package io.faultline.engine.volume;

import static io.faultline.engine.EngineFixture.PAGE;
import static io.faultline.engine.EngineFixture.Setup.SMALL;
import static io.faultline.engine.EngineFixture.bytes;
import static io.faultline.engine.EngineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.EngineFixture;
import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.device.DeviceCapabilities;
import io.faultline.engine.device.Io;
import io.faultline.engine.device.MemoryDevice;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.lock.CacheGuard;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: a platform thread that waits for its command does the work itself, whoever hands over the
 * locks, and nobody else's work waits for it. Method: a device that writes down which thread comes:
 * the body of a punch writes the edge of its range.
 */
@Timeout(60)
class CallerLaneTest {
  private static final int PAGES = 16;

  private final ConcurrentLinkedQueue<Thread> writers = new ConcurrentLinkedQueue<>();
  private EngineFixture volume;
  private OpenInode file;

  private final class Device implements BlockDevice {
    private final MemoryDevice memory = new MemoryDevice(SMALL.blocks() * PAGE);

    @Override
    public long sizeBytes() {
      return memory.sizeBytes();
    }

    @Override
    public DeviceCapabilities capabilities() {
      return memory.capabilities();
    }

    @Override
    public boolean peek(long deviceOffset, MemorySegment to) {
      return memory.peek(deviceOffset, to);
    }

    @Override
    public void submit(Io io) {
      memory.submit(io);
    }

    @Override
    public void run(Io io) throws IOException {
      if (io.op() == Io.Op.WRITE) {
        writers.add(Thread.currentThread());
      }
      memory.run(io);
    }

    @Override
    public void close() throws IOException {
      memory.close();
    }
  }

  CallerLaneTest() throws Exception {
    volume = EngineFixture.open(SMALL, new Device());
    file = volume.file("/f");
  }

  @BeforeEach
  void fill() throws Exception {
    write(file, 0, bytes('A', PAGES * PAGE));
    file.sync(true);
    writers.clear();
  }

  @AfterEach
  void close() throws Exception {
    volume.close();
  }

  /** Half a page: its edge is written in place, by the body. */
  private void punchEdge(int page) throws FsException {
    OpenInode.call(() -> file.punchHole((long) page * PAGE + 100, 200));
  }

  /** Keeps destroyers of the file out until it ends. */
  private final class Reader {
    private final CountDownLatch began = new CountDownLatch(1);
    private final CountDownLatch ends = new CountDownLatch(1);
    private final Thread thread;

    Reader() throws InterruptedException {
      CacheGuard lock = file.vnode().mapping().lock();
      thread =
          Thread.ofPlatform()
              .start(
                  () -> {
                    lock.lockShared(0, PAGES);
                    began.countDown();
                    try {
                      ends.await();
                    } catch (InterruptedException e) {
                      throw new AssertionError(e);
                    } finally {
                      lock.unlockShared(0, PAGES);
                    }
                  });
      began.await();
    }

    void end() throws InterruptedException {
      ends.countDown();
      thread.join();
    }
  }

  private static void awaitParked(Thread thread) {
    while (thread.getState() != Thread.State.WAITING) {
      assertThat(thread.isAlive()).isTrue();
      Thread.onSpinWait();
    }
  }

  @Test
  void whoWaitsRunsTheBodyHimself() throws Exception {
    punchEdge(3);
    punchEdge(4);
    assertThat(writers).hasSize(2).containsOnly(Thread.currentThread());
  }

  @Test
  void whoDoesNotWaitLendsNothing() throws Exception {
    OpenInode.await(file.punchHole(100, 200));
    assertThat(writers).hasSize(1).doesNotContain(Thread.currentThread());
    writers.clear();
    Thread virtual = Thread.ofVirtual().start(() -> quietly(5));
    virtual.join();
    assertThat(writers).hasSize(1).doesNotContain(virtual);
  }

  private void quietly(int page) {
    try {
      punchEdge(page);
    } catch (FsException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void alsoWhenAnotherThreadHandsTheLockOver() throws Exception {
    Reader reader = new Reader();
    Thread caller = Thread.ofPlatform().start(() -> quietly(3));
    awaitParked(caller);
    assertThat(writers).isEmpty();
    reader.end();
    caller.join();
    assertThat(writers).containsExactly(caller);
  }

  @Test
  void aBodyThatWaitsHoldsUpNobodysTurn() throws Exception {
    // The first caller's body cannot begin; what others send to the guardian and to other inodes
    // must not be queued behind it, nor what they send to the same inode be lost.
    OpenInode other = volume.file("/g");
    write(other, 0, bytes('B', PAGES * PAGE));
    other.sync(true);
    writers.clear();
    Reader reader = new Reader();
    Thread first = Thread.ofPlatform().start(() -> quietly(3));
    awaitParked(first);
    CompletableFuture<Void> queued = file.punchHole(4L * PAGE + 100, 200);
    OpenInode.call(() -> other.punchHole(100, 200));
    assertThat(writers).containsExactly(Thread.currentThread());
    assertThat(queued).isNotDone();
    reader.end();
    first.join();
    OpenInode.await(queued);
    assertThat(writers).hasSize(3);
  }

  @Test
  void anInterruptIsKeptAndEndsNothing() throws Exception {
    Reader reader = new Reader();
    AtomicReference<@Nullable Boolean> kept = new AtomicReference<>();
    Thread caller =
        Thread.ofPlatform()
            .start(
                () -> {
                  quietly(3);
                  kept.set(Thread.interrupted());
                });
    awaitParked(caller);
    caller.interrupt();
    awaitParked(caller);
    reader.end();
    caller.join();
    assertThat(kept.get()).isTrue();
    assertThat(writers).containsExactly(caller);
  }

  @Test
  void aFailureIsTheCallers() {
    assertThatThrownBy(() -> OpenInode.call(() -> file.collapseRange(0, (long) PAGES * PAGE)))
        .isInstanceOfSatisfying(
            FsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
  }

  @Test
  void manyCallersOfOneInodeAllEnd() throws Exception {
    AtomicReference<@Nullable Throwable> failed = new AtomicReference<>();
    List<Thread> callers = new ArrayList<>();
    for (int c = 0; c < 8; c++) {
      int page = c;
      Thread.Builder kind = c % 4 == 3 ? Thread.ofVirtual() : Thread.ofPlatform();
      callers.add(
          kind.start(
              () -> {
                try {
                  List<CompletionStage<Void>> later = new ArrayList<>();
                  for (int round = 0; round < 200; round++) {
                    punchEdge(page);
                    if (round % 8 == 0) {
                      later.add(file.punchHole((long) page * PAGE, 10));
                    }
                  }
                  for (CompletionStage<Void> done : later) {
                    OpenInode.await(done.toCompletableFuture());
                  }
                } catch (Throwable t) {
                  failed.set(t);
                }
              }));
    }
    for (Thread caller : callers) {
      caller.join();
    }
    assertThat(failed.get()).isNull();
    assertThat(writers).hasSizeGreaterThanOrEqualTo(8 * 200);
  }
}
