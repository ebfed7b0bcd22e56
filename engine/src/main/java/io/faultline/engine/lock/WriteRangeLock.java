package io.faultline.engine.lock;

import io.faultline.engine.lock.RangeQueue.Node;
import io.faultline.engine.runtime.Check;
import io.faultline.engine.runtime.Checks;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps writes of one inode that overlap from interleaving page by page, while others go on side by
 * side. Taken under {@link IoLock} shared by writes that span pages (DESIGN §4).
 *
 * <p>Served in order of arrival among those that overlap ({@link RangeQueue}). An acquire allocates
 * one node.
 */
public final class WriteRangeLock {
  private final long ino;
  private final ReentrantLock mutex = new ReentrantLock();

  /** Guarded by mutex. */
  private final RangeQueue queue = new RangeQueue();

  /**
   * Creates the lock with nothing held.
   *
   * @param ino the inode's number, the lock's place in the order
   */
  public WriteRangeLock(long ino) {
    this.ino = ino;
  }

  /**
   * Takes a range, parking while an earlier request overlaps it. An interrupt neither ends the wait
   * nor is lost.
   *
   * @param fromPage first page
   * @param toPageExclusive end of the range, greater than {@code fromPage}
   * @return the handle for {@link #unlock}
   */
  public long lock(long fromPage, long toPageExclusive) {
    Check.that(
        0 <= fromPage && fromPage < toPageExclusive,
        "write range [%s, %s) of inode %s is empty or negative",
        fromPage,
        toPageExclusive,
        ino);
    if (Checks.ON) {
      LockOrder.check(LockRank.WRITE_RANGE, ino);
    }
    long toPage = Mutant.WRITE_RANGE_ENDS_EARLY.on() ? toPageExclusive - 1 : toPageExclusive;
    Node self = new Node(fromPage, toPage, true, Thread.currentThread(), null);
    mutex.lock();
    try {
      queue.add(self);
    } finally {
      mutex.unlock();
    }
    if (!self.granted()) {
      park(self);
    }
    if (Checks.ON) {
      LockOrder.acquired(LockRank.WRITE_RANGE, ino);
    }
    return self.handle();
  }

  /**
   * Releases a range.
   *
   * @param handle what {@link #lock} returned, once
   */
  public void unlock(long handle) {
    if (Checks.ON) {
      LockOrder.released(LockRank.WRITE_RANGE, ino);
    }
    Node granted;
    mutex.lock();
    try {
      Node mine = queue.granted(handle);
      if (mine == null) {
        throw new IllegalStateException("write range " + handle + " of inode " + ino + " not held");
      }
      granted = queue.remove(mine);
    } finally {
      mutex.unlock();
    }
    for (; granted != null; granted = granted.nextGranted) {
      LockSupport.unpark(granted.thread);
    }
  }

  private void park(Node self) {
    boolean interrupted = false;
    while (!self.granted()) {
      Yield.at(YieldPoint.LOCK_WAIT, ino, self.from);
      LockSupport.park(this);
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
