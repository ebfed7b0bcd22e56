package io.faultline.engine.namespace;

import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockRank;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The volume's rename lock, outermost of all (LockRank.RENAME). While it is held no directory gets
 * another parent, so that the ancestors of a directory are what a walk upwards finds.
 */
final class RenameLock {
  private static final long ID = 0;

  private final ReentrantLock lock = new ReentrantLock();

  /** Held until closed. */
  interface Held extends AutoCloseable {
    @Override
    void close();
  }

  Held take() {
    LockOrder.check(LockRank.RENAME, ID);
    if (!lock.tryLock()) {
      Yield.at(YieldPoint.LOCK_WAIT);
      lock.lock();
    }
    LockOrder.acquired(LockRank.RENAME, ID);
    return this::release;
  }

  private void release() {
    LockOrder.released(LockRank.RENAME, ID);
    lock.unlock();
  }
}
