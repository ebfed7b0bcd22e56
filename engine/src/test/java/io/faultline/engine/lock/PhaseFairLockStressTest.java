package io.faultline.engine.lock;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.runtime.Check;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: the same on real threads, platform and virtual. Method: fixed numbers of rounds, so that
 * what was asked can be compared with what was granted; a lost wake-up shows as a time-out.
 */
@Timeout(120)
class PhaseFairLockStressTest {
  private static final int ROUNDS = 20_000;

  private final LockCounters counters = new LockCounters();
  private final IoLock lock = new IoLock(1, counters);
  private final AtomicInteger readers = new AtomicInteger();
  private final AtomicInteger writers = new AtomicInteger();
  private final AtomicLong sharedGranted = new AtomicLong();
  private final AtomicLong exclusiveGranted = new AtomicLong();
  // Written only under the exclusive, without ordering of its own: lost updates show missing
  // barriers.
  private long plain;

  private void inShared() {
    readers.incrementAndGet();
    Check.that(writers.get() == 0, "a reader beside a writer");
    sharedGranted.incrementAndGet();
    readers.decrementAndGet();
  }

  private void inExclusive() {
    Check.that(writers.incrementAndGet() == 1, "two writers");
    Check.that(readers.get() == 0, "a writer beside a reader");
    plain++;
    exclusiveGranted.incrementAndGet();
    writers.decrementAndGet();
  }

  private void reader() {
    for (int i = 0; i < ROUNDS; i++) {
      if (i % 8 == 7) {
        if (lock.tryLockShared()) {
          inShared();
          lock.unlockShared();
        }
      } else {
        lock.lockShared();
        inShared();
        lock.unlockShared();
      }
    }
  }

  private void writer() {
    for (int i = 0; i < ROUNDS / 10; i++) {
      lock.lockExclusive();
      inExclusive();
      lock.unlockExclusive();
      if (lock.tryLockExclusive()) {
        inExclusive();
        lock.unlockExclusive();
      }
    }
  }

  private void asynchronous(Phaser outstanding) {
    for (int i = 0; i < ROUNDS / 10; i++) {
      outstanding.register();
      lock.lockExclusiveAsync(
          () -> {
            // Half release on the granting thread, half on another one.
            LockOrder.adopt(LockRank.IO, 1);
            inExclusive();
            if ((plain & 1) == 0) {
              lock.unlockExclusive();
              outstanding.arriveAndDeregister();
            } else {
              LockOrder.handOff(LockRank.IO, 1);
              Thread.startVirtualThread(
                  () -> {
                    LockOrder.adopt(LockRank.IO, 1);
                    lock.unlockExclusive();
                    outstanding.arriveAndDeregister();
                  });
            }
          });
    }
  }

  @Test
  void everythingAskedForIsGrantedAndNothingOverlaps() {
    Phaser outstanding = new Phaser(1);
    List<CompletableFuture<Void>> done = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      done.add(start(Thread.ofPlatform().daemon(), this::reader));
      done.add(start(Thread.ofVirtual(), this::reader));
    }
    done.add(start(Thread.ofPlatform().daemon(), this::writer));
    done.add(start(Thread.ofVirtual(), this::writer));
    done.add(start(Thread.ofPlatform().daemon(), () -> asynchronous(outstanding)));
    CompletableFuture.allOf(done.toArray(CompletableFuture[]::new))
        .orTimeout(100, TimeUnit.SECONDS)
        .join();
    outstanding.arriveAndAwaitAdvance();

    assertThat(lock.tryLockExclusive()).as("free at the end: %s", lock).isTrue();
    assertThat(plain).isEqualTo(exclusiveGranted.get());
    lock.unlockExclusive();
    long waitingExclusives = 3L * ROUNDS / 10;
    assertThat(exclusiveGranted.get()).isBetween(waitingExclusives, 2 * waitingExclusives);
    assertThat(counters.exclusiveAcquired.sum()).isEqualTo(exclusiveGranted.get() + 1);
    assertThat(counters.sharedAcquired.sum()).isEqualTo(sharedGranted.get());
    assertThat(sharedGranted.get()).isBetween(4L * ROUNDS * 7 / 8, 4L * ROUNDS);
  }

  /** Whether anybody meets anybody in a stress is up to the machine; here it is not. */
  @Test
  void whoWaitedForWhomIsCounted() {
    lock.lockShared();
    lock.lockExclusiveAsync(() -> LockOrder.adopt(LockRank.IO, 1));
    assertThat(counters.exclusiveWaitedForShared.sum()).isEqualTo(1);
    assertThat(lock.heldExclusive()).isFalse();
    lock.unlockShared();
    assertThat(lock.heldExclusive()).isTrue();
    assertThat(counters.sharedWaitedForExclusive.sum()).isZero();
    CompletableFuture<Void> reader =
        start(
            Thread.ofPlatform().daemon(),
            () -> {
              lock.lockShared();
              lock.unlockShared();
            });
    while (counters.sharedWaitedForExclusive.sum() == 0) {
      Thread.onSpinWait();
    }
    lock.unlockExclusive();
    reader.orTimeout(100, TimeUnit.SECONDS).join();
    assertThat(counters.sharedWaitedForExclusive.sum()).isEqualTo(1);
  }

  private static CompletableFuture<Void> start(Thread.Builder builder, Runnable body) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    builder.start(
        () -> {
          try {
            body.run();
            done.complete(null);
          } catch (RuntimeException | Error failure) {
            done.completeExceptionally(failure);
          }
        });
    return done;
  }

  @Test
  void anInterruptNeitherEndsAWaitNorIsLost() {
    lock.lockExclusive();
    List<Thread> threads = new ArrayList<>();
    List<CompletableFuture<Boolean>> stillInterrupted = new ArrayList<>();
    for (boolean exclusive : new boolean[] {false, true}) {
      CompletableFuture<Boolean> result = new CompletableFuture<>();
      stillInterrupted.add(result);
      threads.add(
          Thread.ofPlatform()
              .daemon()
              .start(
                  () -> {
                    if (exclusive) {
                      lock.lockExclusive();
                      lock.unlockExclusive();
                    } else {
                      lock.lockShared();
                      lock.unlockShared();
                    }
                    result.complete(Thread.currentThread().isInterrupted());
                  }));
    }
    for (Thread thread : threads) {
      while (LockSupport.getBlocker(thread) != lock) {
        Thread.onSpinWait();
      }
      thread.interrupt();
      // Parked again with the flag taken out: the wait went on and does not spin.
      while (thread.isInterrupted() || LockSupport.getBlocker(thread) != lock) {
        Thread.onSpinWait();
      }
    }
    assertThat(stillInterrupted).noneMatch(CompletableFuture::isDone);
    lock.unlockExclusive();
    for (CompletableFuture<Boolean> result : stillInterrupted) {
      assertThat(result.orTimeout(20, TimeUnit.SECONDS).join()).isTrue();
    }
  }
}
