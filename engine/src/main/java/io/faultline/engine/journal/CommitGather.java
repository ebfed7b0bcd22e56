package io.faultline.engine.journal;

import io.faultline.engine.runtime.EngineRuntime;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;

/**
 * Lets a commit that could begin wait a little for callers who are about to ask for it.
 *
 * <p>Without that, threads that do nothing but write and sync fall into two halves: while one
 * half's transaction is being committed the other half writes, and every commit, however slow the
 * device's flush, carries half of them. So a commit expects as many callers as waited for the one
 * before and joined behind it, and waits for them at most half of what a commit takes. Whoever is
 * alone never waits: nobody joins behind its commits.
 *
 * <p>A wait in vain costs its callers half a commit. After one the next commit does not wait, after
 * two in a row the next three do not, and so on up to {@value #SKIPS_MAX}.
 *
 * <p>All methods are called under the lock of the journal, which {@link #await} gives up.
 */
final class CommitGather {
  private static final int SKIPS_MAX = 63;

  /** A moving average moves by this part of the difference. */
  private static final int SLOWNESS = 8;

  private final EngineRuntime runtime;
  private final ReentrantLock lock;
  private final Condition changed;

  private boolean waiting;
  private boolean late;
  private int expected = 1;
  private long commitNanos;
  private int skipsAfterMiss;
  private int skips;

  CommitGather(EngineRuntime runtime, ReentrantLock lock) {
    this.runtime = runtime;
    this.lock = lock;
    this.changed = lock.newCondition();
  }

  /** Whether a thread waits before it begins a commit; no other may begin one then. */
  boolean waiting() {
    return waiting;
  }

  /**
   * Waits until as many have joined as are expected, if they are expected at all.
   *
   * @param joined how many there are; {@link #joined} follows every change
   * @param hurry whether to wait no longer; {@link #hurry} follows
   */
  void await(IntSupplier joined, BooleanSupplier hurry) {
    if (joined.getAsInt() >= expected || commitNanos < 2 || hurry.getAsBoolean()) {
      return;
    }
    if (skips > 0) {
      skips--;
      return;
    }
    waiting = true;
    late = false;
    EngineRuntime.Timer timer = runtime.schedule(commitNanos / 2, this::tooLate);
    while (joined.getAsInt() < expected && !late && !hurry.getAsBoolean()) {
      changed.awaitUninterruptibly();
    }
    timer.cancel();
    waiting = false;
    boolean all = joined.getAsInt() >= expected;
    skipsAfterMiss = all ? 0 : Math.min(2 * skipsAfterMiss + 1, SKIPS_MAX);
    skips = skipsAfterMiss;
  }

  private void tooLate() {
    lock.lock();
    try {
      // A timer that could not be cancelled any more may end the next wait: a shorter batch.
      late = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Somebody joined whom the wait may have been for. */
  void joined(int now) {
    if (now >= expected) {
      changed.signal();
    }
  }

  /** There is a reason to wait no longer. */
  void hurry() {
    changed.signal();
  }

  /** A commit that {@code joined} callers waited for is over; {@code behind} wait for the next. */
  void committed(int joined, int behind, long nanos) {
    expected = Math.max(1, joined + behind);
    commitNanos = commitNanos == 0 ? nanos : commitNanos + (nanos - commitNanos) / SLOWNESS;
  }
}
