package io.faultline.engine.lock;

import io.faultline.engine.runtime.Check;
import io.faultline.engine.runtime.Checks;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Keeps writes of one inode that overlap from interleaving page by page, while others go on side by
 * side. Taken under {@link IoLock} shared by writes that span pages (DESIGN §4).
 *
 * <p>Requests stand in one list in order of arrival. A request waits for every earlier one it
 * overlaps, granted or not, so it is never overtaken by one it conflicts with, and waits for nobody
 * else. An acquire allocates one node; the list is scanned, which is right for the few writers an
 * inode has at a time.
 */
public final class WriteRangeLock {
  private final long ino;
  private final ReentrantLock mutex = new ReentrantLock();

  // The list, guarded by mutex.
  private @Nullable Node first;
  private @Nullable Node last;
  private long handles;

  /**
   * Creates the lock with nothing held.
   *
   * @param ino the inode's number, the lock's place in the order
   */
  public WriteRangeLock(long ino) {
    this.ino = ino;
  }

  private static final class Node {
    private final long fromPage;
    private final long toPage;
    private final long handle;
    private final Thread thread;
    private @Nullable Node previous;
    private @Nullable Node next;
    // Earlier overlapping requests that are still there; written under mutex, awaited outside.
    private volatile int blockers;

    Node(long fromPage, long toPage, long handle, Thread thread) {
      this.fromPage = fromPage;
      this.toPage = toPage;
      this.handle = handle;
      this.thread = thread;
    }

    boolean overlaps(Node other) {
      return fromPage < other.toPage && other.fromPage < toPage;
    }
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
    Node self;
    mutex.lock();
    try {
      self = new Node(fromPage, toPageExclusive, ++handles, Thread.currentThread());
      int blockers = 0;
      for (Node earlier = first; earlier != null; earlier = earlier.next) {
        if (earlier.overlaps(self)) {
          blockers++;
        }
      }
      self.blockers = blockers;
      append(self);
    } finally {
      mutex.unlock();
    }
    if (self.blockers != 0) {
      park(self);
    }
    if (Checks.ON) {
      LockOrder.acquired(LockRank.WRITE_RANGE, ino);
    }
    return self.handle;
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
    mutex.lock();
    try {
      Node mine = first;
      while (mine != null && mine.handle != handle) {
        mine = mine.next;
      }
      if (mine == null || mine.blockers != 0) {
        throw new IllegalStateException("write range " + handle + " of inode " + ino + " not held");
      }
      for (Node later = mine.next; later != null; later = later.next) {
        if (later.overlaps(mine)) {
          // Only ever written under the mutex, so the volatile decrement loses nothing.
          int left = later.blockers - 1;
          later.blockers = left;
          if (left == 0) {
            LockSupport.unpark(later.thread);
          }
        }
      }
      remove(mine);
    } finally {
      mutex.unlock();
    }
  }

  private void append(Node node) {
    Node before = last;
    node.previous = before;
    if (before == null) {
      first = node;
    } else {
      before.next = node;
    }
    last = node;
  }

  private void remove(Node node) {
    Node before = node.previous;
    Node after = node.next;
    if (before == null) {
      first = after;
    } else {
      before.next = after;
    }
    if (after == null) {
      last = before;
    } else {
      after.previous = before;
    }
  }

  private void park(Node self) {
    boolean interrupted = false;
    while (self.blockers != 0) {
      Yield.at(YieldPoint.LOCK_WAIT, ino, self.fromPage);
      LockSupport.park(this);
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
