package io.faultline.engine.volume;

import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockWait;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Counts operations under way, so that a volume closes behind the last of them. Two striped
 * counters instead of one word, which all writers of a volume would share.
 */
final class Operations {
  private final LongAdder entered = new LongAdder();
  private final LongAdder left = new LongAdder();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private volatile boolean waiting;

  /** Before the operation asks whether the volume is still open. */
  void enter() {
    entered.increment();
  }

  void leave() {
    left.increment();
    if (waiting) {
      lock.lock();
      try {
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /** Returns when everything that entered has left; the caller made later ones leave at once. */
  void awaitNone() {
    LockOrder.waits(LockWait.OPERATIONS);
    waiting = true;
    lock.lock();
    try {
      // What left is summed first: an operation counted there was counted as entered before.
      for (long out = left.sum(); entered.sum() != out; out = left.sum()) {
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }
}
