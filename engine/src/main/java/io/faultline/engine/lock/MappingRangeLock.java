package io.faultline.engine.lock;

import io.faultline.engine.lock.RangeQueue.Node;
import io.faultline.engine.runtime.Checks;
import io.faultline.engine.runtime.StateChange;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The mapping lock by ranges: fills and destroyers exclude each other only where they overlap
 * (SEMANTICS §7.2 G1, beyond the kernel).
 *
 * <h2>Rules</h2>
 *
 * <ul>
 *   <li>A destroyer asks for all pages whose content or place it changes, edges included: punch and
 *       zero for their range rounded outwards; truncate from the page that the smaller of both
 *       sizes lies in; collapse and insert from one block before the offset.
 *   <li>A fill asks for its whole readahead window, not for what its caller wanted, since that is
 *       what it puts into the cache. Only the first page is waited for; the rest is cut short where
 *       it would meet a destroyer, granted or queued. So no destroyer waits for readahead that came
 *       after it.
 *   <li>Requests that conflict are served in order of arrival ({@link RangeQueue}): neither side
 *       starves the other (invariant I11).
 *   <li>Facts of the whole file, the size and the counts of reservations, are not this lock's:
 *       destroyers hold the I/O lock exclusive besides.
 * </ul>
 *
 * <h2>Cost</h2>
 *
 * A mutex held for one scan of the requests, and one node, for each acquire and each release. An
 * uncontended {@link MappingLock} is cheaper, and always will be.
 */
public final class MappingRangeLock implements CacheGuard {
  private final long ino;
  private final LockCounters counters;
  private final ReentrantLock mutex = new ReentrantLock();

  /** Guarded by mutex. */
  private final RangeQueue queue = new RangeQueue();

  /**
   * Creates the lock, free.
   *
   * @param ino the inode's number, the lock's place in the order
   * @param counters of the volume's mapping locks
   */
  public MappingRangeLock(long ino, LockCounters counters) {
    this.ino = ino;
    this.counters = counters;
  }

  @Override
  public long ino() {
    return ino;
  }

  @Override
  public LockRank rank() {
    return LockRank.MAPPING;
  }

  @Override
  public long lockShared(long from, long to) {
    return acquireShared(from, to, true);
  }

  @Override
  public void awaitExclusive() {
    // A shared hold waits for its first page and ends where the next destroyer begins.
    for (long from = 0; from < Long.MAX_VALUE; ) {
      long end = acquireShared(from, Long.MAX_VALUE, false);
      unlockShared(from, end);
      from = end;
    }
  }

  private long acquireShared(long from, long to, boolean counted) {
    if (Checks.ON) {
      LockOrder.check(LockRank.MAPPING, ino);
    }
    Node self;
    mutex.lock();
    try {
      long end = LockMutant.WINDOW_NOT_CUT.active() ? to : queue.nextExclusive(from, to);
      self = new Node(from, end, false, Thread.currentThread(), null);
      if (LockMutant.RANGE_IGNORES_QUEUED.active()) {
        queue.addBeforeQueued(self);
      } else {
        queue.add(self);
      }
    } finally {
      mutex.unlock();
    }
    boolean waits = !self.granted();
    if (counted && (waits || Checks.ON)) {
      counters.sharedAcquired.increment();
    }
    if (waits) {
      if (counted) {
        counters.sharedWaitedForExclusive.increment();
      }
      park(self);
    }
    Yield.note(StateChange.LOCK_SHARED, ino, LockRank.MAPPING.position());
    if (Checks.ON) {
      LockOrder.acquired(LockRank.MAPPING, ino);
    }
    return self.to;
  }

  @Override
  public void unlockShared(long from, long end) {
    if (Checks.ON) {
      LockOrder.released(LockRank.MAPPING, ino);
    }
    Yield.note(StateChange.LOCK_SHARED_RELEASED, ino, LockRank.MAPPING.position());
    release(from, end, false);
  }

  @Override
  public void lockExclusiveAsync(PageRange range, Runnable granted) {
    long to = LockMutant.RANGE_ENDS_EARLY.active() ? range.to() - 1 : range.to();
    Node request = new Node(range.from(), to, true, null, granted);
    mutex.lock();
    try {
      // Before the request is in the queue: afterwards it may be granted at any moment.
      boolean beside = queue.anyExclusive();
      queue.add(request);
      if (!request.granted()) {
        if (!beside) {
          Yield.note(StateChange.LOCK_DRAINING, ino, LockRank.MAPPING.position());
          counters.exclusiveWaitedForShared.increment();
        }
        return;
      }
    } finally {
      mutex.unlock();
    }
    grant(request);
  }

  @Override
  public void unlockExclusive(PageRange range) {
    if (Checks.ON) {
      LockOrder.released(LockRank.MAPPING, ino);
    }
    Yield.at(YieldPoint.LOCK_RELEASE, ino, LockRank.MAPPING.position());
    Yield.note(StateChange.LOCK_EXCLUSIVE_RELEASED, ino, LockRank.MAPPING.position());
    long to = LockMutant.RANGE_ENDS_EARLY.active() ? range.to() - 1 : range.to();
    release(range.from(), to, true);
  }

  private void release(long from, long to, boolean exclusive) {
    Node granted;
    mutex.lock();
    try {
      Node mine = queue.granted(from, to, exclusive);
      if (mine == null) {
        throw new IllegalStateException(
            "pages %s of inode %d are not held %s: %s"
                .formatted(
                    new PageRange(from, to), ino, exclusive ? "exclusive" : "shared", queue));
      }
      granted = queue.remove(mine);
    } finally {
      mutex.unlock();
    }
    RuntimeException failure = null;
    while (granted != null) {
      // Read before the grant: a callback may release at once.
      Node next = granted.nextGranted;
      try {
        grant(granted);
      } catch (RuntimeException thrown) {
        // As in Grants: a broken callback must not take the grants of others with it.
        if (failure == null) {
          failure = thrown;
        } else {
          failure.addSuppressed(thrown);
        }
      }
      granted = next;
    }
    if (failure != null) {
      throw failure;
    }
  }

  private void grant(Node node) {
    @Nullable Runnable callback = node.callback;
    if (callback == null) {
      LockSupport.unpark(node.thread);
      return;
    }
    counters.exclusiveAcquired.increment();
    Yield.note(StateChange.LOCK_EXCLUSIVE, ino, LockRank.MAPPING.position());
    Grants.call(callback);
  }

  @Override
  public boolean heldExclusive(long from, long to) {
    mutex.lock();
    try {
      return queue.coveredExclusive(from, LockMutant.RANGE_ENDS_EARLY.active() ? to - 1 : to);
    } finally {
      mutex.unlock();
    }
  }

  @Override
  public boolean heldExclusive() {
    mutex.lock();
    try {
      return queue.anyExclusive();
    } finally {
      mutex.unlock();
    }
  }

  private void park(Node self) {
    boolean interrupted = false;
    while (!self.granted()) {
      Yield.at(YieldPoint.LOCK_WAIT, ino, LockRank.MAPPING.position());
      LockSupport.park(this);
      // Cleared, or park would return at once for ever; set again below.
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public String toString() {
    mutex.lock();
    try {
      return LockRank.MAPPING + " lock of inode " + ino + ": " + queue;
    } finally {
      mutex.unlock();
    }
  }
}
