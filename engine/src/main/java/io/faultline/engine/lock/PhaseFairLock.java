package io.faultline.engine.lock;

import io.faultline.engine.runtime.Check;
import io.faultline.engine.runtime.Checks;
import io.faultline.engine.runtime.Invariant;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.StateChange;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A shared/exclusive lock whose exclusive side never has to block a thread, phase-fair with direct
 * hand-off (DESIGN R19).
 *
 * <h2>Interface</h2>
 *
 * Shared holders come and go by {@link #lockShared} and {@link #unlockShared}, on one thread. The
 * exclusive is asked for with a callback ({@link #lockExclusiveAsync}), which an actor can afford,
 * or waited for ({@link #lockExclusive}); any thread may release it. Not re-entrant, no upgrade: a
 * holder that asks again waits for itself.
 *
 * <h2>State</h2>
 *
 * One word, {@code HELD | WANT | readers}:
 *
 * <pre>
 *   63   62     61    60..............32   31...........0
 *   0    HELD   WANT  0                    readers
 *
 *   HELD WANT readers   meaning                       a shared acquire        an exclusive acquire
 *   0    0    0         free                          takes it                takes it
 *   0    0    n         shared                        takes it                queues, sets WANT
 *   0    1    n &gt; 0     shared, exclusives queued     backs out, queues       queues
 *   0    1    0         to be handed over at once     backs out, queues       queues
 *   1    0/1  any       exclusive (readers are        backs out, queues       queues
 *                       acquires about to back out)
 * </pre>
 *
 * HELD and WANT change only under the internal mutex; WANT is set exactly while the exclusive queue
 * is not empty; a shared waiter is queued only while HELD or WANT is set. The reader count changes
 * anywhere: a shared acquire adds one and looks at what was there. Whoever brings the word to
 * exactly WANT, a back-out included, hands over. A hand-over that meets another acquire about to
 * back out leaves it to that one.
 *
 * <h2>Fairness</h2>
 *
 * Releasing the exclusive grants all shared waiters queued so far in one step; a queued exclusive
 * stops new shared acquires. So a shared waiter waits for at most one exclusive phase after it has
 * queued, and an exclusive for at most one shared phase for each exclusive before it.
 *
 * <h2>Cost</h2>
 *
 * Uncontended shared acquire and release: one atomic add each, no allocation. Everything else goes
 * through the mutex, held for a few instructions and never across a callback, a park or a yield
 * point.
 *
 * <p>{@link LockOrder} is told of every acquisition and release by this class itself, except that
 * the exclusive granted to a callback belongs to no thread until one calls {@link LockOrder#adopt}.
 */
public abstract class PhaseFairLock {
  private static final long HELD = 1L << 62;
  private static final long WANT = 1L << 61;
  private static final long BITS = HELD | WANT;
  private static final long READERS = 0xFFFF_FFFFL;

  private static final VarHandle WORD;

  static {
    try {
      WORD = MethodHandles.lookup().findVarHandle(PhaseFairLock.class, "word", long.class);
    } catch (ReflectiveOperationException impossible) {
      throw new ExceptionInInitializerError(impossible);
    }
  }

  private final LockRank rank;
  private final long ino;
  private final LockCounters counters;
  private final ReentrantLock mutex = new ReentrantLock();

  @SuppressWarnings("UnusedVariable") // accessed through WORD
  private volatile long word;

  // Both queues are first in, first out, and guarded by mutex.
  private @Nullable Waiter sharedHead;
  private @Nullable Waiter sharedTail;
  private int sharedQueued;
  private @Nullable Waiter exclusiveHead;
  private @Nullable Waiter exclusiveTail;

  /** Exclusive grants so far; guarded by mutex, for invariant I11. */
  private long exclusivePhases;

  /** Exclusive requests in the queue; guarded by mutex. */
  private int exclusiveQueued;

  PhaseFairLock(LockRank rank, long ino, LockCounters counters) {
    this.rank = rank;
    this.ino = ino;
    this.counters = counters;
  }

  /** One queued request: a parked thread, or a callback. */
  private static final class Waiter {
    private final @Nullable Thread thread;
    private final @Nullable Runnable callback;
    private @Nullable Waiter next;
    private boolean counted;
    private volatile boolean granted;

    /** Exclusive grants at the moment this request was queued, and how many may come before it. */
    private long phasesSeen;

    private long phasesAllowed;

    Waiter(@Nullable Thread thread, @Nullable Runnable callback) {
      this.thread = thread;
      this.callback = callback;
    }
  }

  /**
   * The inode this lock belongs to.
   *
   * @return its number
   */
  public final long ino() {
    return ino;
  }

  /**
   * The lock's place in the order.
   *
   * @return its rank
   */
  public final LockRank rank() {
    return rank;
  }

  /**
   * Takes the lock shared, parking while an exclusive holds it or is queued. An interrupt neither
   * ends the wait nor is lost.
   */
  public final void lockShared() {
    acquireShared(true);
  }

  /**
   * Waits until each exclusive that is held or queued now has been given back, and holds nothing
   * afterwards. Not counted as an acquisition: the caller is neither a fill nor a destroyer.
   */
  public final void awaitExclusive() {
    acquireShared(false);
    unlockShared();
  }

  private void acquireShared(boolean counted) {
    if (Checks.ON) {
      LockOrder.check(rank, ino);
    }
    long before = (long) WORD.getAndAdd(this, 1L);
    if ((before & BITS) == 0 || overtakes(before)) {
      if (Checks.ON) {
        if (counted) {
          counters.sharedAcquired.increment();
        }
        if ((before & BITS) != 0) {
          Invariant.I11.broken(this + ": a shared request passes a queued exclusive");
        }
      }
    } else {
      lockSharedSlow(counted);
    }
    Yield.note(StateChange.LOCK_SHARED, ino, rank.position());
    if (Checks.ON) {
      LockOrder.acquired(rank, ino);
    }
  }

  /**
   * Takes the lock shared unless that would mean waiting.
   *
   * @return whether it is held now
   */
  public final boolean tryLockShared() {
    long before = (long) WORD.getAndAdd(this, 1L);
    if ((before & BITS) == 0) {
      Yield.note(StateChange.LOCK_SHARED, ino, rank.position());
      if (Checks.ON) {
        counters.sharedAcquired.increment();
        LockOrder.acquiredByTry(rank, ino);
      }
      return true;
    }
    backOut();
    return false;
  }

  /** Releases one shared hold. */
  public final void unlockShared() {
    if (Checks.ON) {
      LockOrder.released(rank, ino);
    }
    Yield.note(StateChange.LOCK_SHARED_RELEASED, ino, rank.position());
    long before = (long) WORD.getAndAdd(this, -1L);
    Check.that((before & READERS) != 0, "%s lock of inode %s released by nobody", rank, ino);
    if (before == (WANT | 1)) {
      handOver();
    }
  }

  /** Takes the lock exclusive, parking until it is granted; interrupts as {@link #lockShared}. */
  public final void lockExclusive() {
    if (Checks.ON) {
      LockOrder.check(rank, ino);
    }
    Waiter self = new Waiter(Thread.currentThread(), null);
    if (!takeOrQueueExclusive(self)) {
      park(self);
    }
    Yield.note(StateChange.LOCK_EXCLUSIVE, ino, rank.position());
    if (Checks.ON) {
      LockOrder.acquired(rank, ino);
    }
  }

  /**
   * Takes the lock exclusive if it is free: no holder, no waiter.
   *
   * @return whether it is held now
   */
  public final boolean tryLockExclusive() {
    mutex.lock();
    try {
      if (!WORD.compareAndSet(this, 0L, HELD)) {
        return false;
      }
    } finally {
      mutex.unlock();
    }
    counters.exclusiveAcquired.increment();
    Yield.note(StateChange.LOCK_EXCLUSIVE, ino, rank.position());
    if (Checks.ON) {
      LockOrder.acquiredByTry(rank, ino);
    }
    return true;
  }

  /**
   * Asks for the lock exclusive; never blocks.
   *
   * @param granted runs exactly once, holding the lock: before this method returns when the lock is
   *     free, otherwise on the thread that hands over, outside the internal mutex. It must neither
   *     block nor throw; it may release. The thread that goes on to use the lock, this one or
   *     another, first calls {@link LockOrder#adopt} with {@link #rank} and {@link #ino}.
   */
  public final void lockExclusiveAsync(Runnable granted) {
    Waiter request = new Waiter(null, granted);
    if (takeOrQueueExclusive(request)) {
      Yield.note(StateChange.LOCK_EXCLUSIVE, ino, rank.position());
      granted.run();
    }
  }

  /**
   * Releases the exclusive, on any thread that has acquired or adopted it. May run the callback of
   * the next exclusive before it returns.
   */
  public final void unlockExclusive() {
    if (Checks.ON) {
      LockOrder.released(rank, ino);
    }
    Yield.at(YieldPoint.LOCK_RELEASE, ino, rank.position());
    Yield.note(StateChange.LOCK_EXCLUSIVE_RELEASED, ino, rank.position());
    Waiter readers = null;
    Waiter exclusive = null;
    mutex.lock();
    try {
      long before = (long) WORD.getVolatile(this);
      Check.that((before & HELD) != 0, "%s lock of inode %s is not held exclusive", rank, ino);
      boolean exclusiveFirst = LockMutant.EXCLUSIVE_BEFORE_SHARED.active() && exclusiveHead != null;
      if (sharedHead != null && !exclusiveFirst) {
        readers = takeSharedQueue();
      } else if (exclusiveHead != null) {
        // HELD stays set, so nobody can get between: the direct hand-off.
        exclusive = popExclusive();
      } else {
        WORD.getAndAdd(this, -HELD);
      }
    } finally {
      mutex.unlock();
    }
    while (readers != null) {
      // After the grant the waiter's thread may reuse nothing of the node, but next is still ours.
      Waiter next = readers.next;
      grant(readers);
      readers = next;
    }
    if (exclusive != null) {
      counters.exclusiveAcquired.increment();
      grant(exclusive);
    }
  }

  /**
   * Whether some token holds the lock exclusive at this moment. For assertions: a caller that does
   * not hold it itself learns nothing that lasts.
   *
   * @return true while held exclusive
   */
  public final boolean heldExclusive() {
    return ((long) WORD.getVolatile(this) & HELD) != 0;
  }

  /**
   * Shared holders at this moment; while exclusive is held or wanted, acquires about to back out
   * may be among them.
   *
   * @return their number
   */
  public final int sharedHolders() {
    return (int) ((long) WORD.getVolatile(this) & READERS);
  }

  @Override
  public final String toString() {
    long now = (long) WORD.getVolatile(this);
    return "%s lock of inode %d: %s%s%d shared"
        .formatted(
            rank,
            ino,
            (now & HELD) != 0 ? "held exclusive, " : "",
            (now & WANT) != 0 ? "exclusive queued, " : "",
            now & READERS);
  }

  private static boolean overtakes(long before) {
    return (LockMutant.SHARED_IGNORES_WANT.active() || Mutant.M25_SHARED_PASSES_EXCLUSIVE.on())
        && (before & HELD) == 0;
  }

  private void lockSharedSlow(boolean counted) {
    Yield.at(YieldPoint.LOCK_BACKOUT, ino, rank.position());
    backOut();
    Yield.at(YieldPoint.LOCK_QUEUE, ino, rank.position());
    if (counted) {
      counters.sharedAcquired.increment();
    }
    Waiter self = new Waiter(Thread.currentThread(), null);
    mutex.lock();
    try {
      if (((long) WORD.getVolatile(this) & BITS) == 0) {
        // The bits cannot come back while we hold the mutex: this acquire cannot fail.
        WORD.getAndAdd(this, 1L);
        return;
      }
      // One exclusive may be granted first: the one that has drained the readers already.
      self.phasesSeen = exclusivePhases;
      self.phasesAllowed = 1;
      if (sharedTail == null) {
        sharedHead = self;
      } else {
        sharedTail.next = self;
      }
      sharedTail = self;
      sharedQueued++;
    } finally {
      mutex.unlock();
    }
    if (counted) {
      counters.sharedWaitedForExclusive.increment();
    }
    park(self);
  }

  /** Undoes the reader count of an acquire that met an exclusive. */
  private void backOut() {
    long before = (long) WORD.getAndAdd(this, -1L);
    if (before == (WANT | 1) && !LockMutant.BACK_OUT_WITHOUT_HAND_OVER.active()) {
      handOver();
    }
  }

  /** Called by whoever brought the word to exactly WANT. */
  private void handOver() {
    Yield.at(YieldPoint.LOCK_HAND_OVER, ino, rank.position());
    Waiter exclusive = null;
    mutex.lock();
    try {
      // Somebody may have handed over since, or a new acquire is in: then it is that one's duty.
      if (exclusiveHead != null && WORD.compareAndSet(this, WANT, WANT | HELD)) {
        exclusive = popExclusive();
      }
    } finally {
      mutex.unlock();
    }
    if (exclusive != null) {
      counters.exclusiveAcquired.increment();
      grant(exclusive);
    }
  }

  /** Returns true when the request holds the lock now, false when it is queued. */
  private boolean takeOrQueueExclusive(Waiter request) {
    mutex.lock();
    try {
      if (exclusiveHead == null && WORD.compareAndSet(this, 0L, HELD)) {
        counters.exclusiveAcquired.increment();
        return true;
      }
      request.phasesSeen = exclusivePhases;
      request.phasesAllowed = exclusiveQueued++;
      if (exclusiveTail == null) {
        exclusiveHead = request;
        exclusiveTail = request;
        WORD.getAndBitwiseOr(this, WANT);
      } else if (Mutant.I11_EXCLUSIVE_JUMPS_QUEUE.on()) {
        request.next = exclusiveHead;
        exclusiveHead = request;
      } else {
        exclusiveTail.next = request;
        exclusiveTail = request;
      }
      // The last reader may have left between the failed CAS and WANT: it saw nothing to hand over.
      if (exclusiveHead == request && WORD.compareAndSet(this, WANT, WANT | HELD)) {
        popExclusive();
        counters.exclusiveAcquired.increment();
        return true;
      }
      if (!heldExclusive()) {
        Yield.note(StateChange.LOCK_DRAINING, ino, rank.position());
        request.counted = true;
        counters.exclusiveWaitedForShared.increment();
      }
      return false;
    } finally {
      mutex.unlock();
    }
  }

  /** With the mutex held and HELD set: turns the exclusive phase into a shared one. */
  private @Nullable Waiter takeSharedQueue() {
    Waiter first = sharedHead;
    requireProgress(first, "a shared");
    int count = sharedQueued;
    sharedHead = null;
    sharedTail = null;
    sharedQueued = 0;
    if (exclusiveHead != null && !exclusiveHead.counted) {
      exclusiveHead.counted = true;
      counters.exclusiveWaitedForShared.increment();
    }
    // One step: at no moment is the lock free while somebody is queued.
    WORD.getAndAdd(this, count - HELD);
    return first;
  }

  /** Invariant I11: phase-fair means that nobody is overtaken more often than when he queued. */
  private void requireProgress(@Nullable Waiter waiter, String kind) {
    if (Checks.ON && waiter != null) {
      Invariant.I11.require(
          exclusivePhases - waiter.phasesSeen <= waiter.phasesAllowed,
          "%s lock of inode %s: %s request was overtaken by %s exclusives",
          rank,
          ino,
          kind,
          exclusivePhases - waiter.phasesSeen);
    }
  }

  /** With the mutex held and HELD set: removes the first exclusive, and WANT after the last. */
  private Waiter popExclusive() {
    Waiter first = exclusiveHead;
    if (first == null) {
      throw new IllegalStateException("no exclusive is queued: " + this);
    }
    requireProgress(first, "an exclusive");
    exclusivePhases++;
    exclusiveQueued--;
    exclusiveHead = first.next;
    if (exclusiveHead == null) {
      exclusiveTail = null;
      WORD.getAndAdd(this, -WANT);
    }
    return first;
  }

  private void park(Waiter self) {
    boolean interrupted = false;
    while (!self.granted) {
      Yield.at(YieldPoint.LOCK_WAIT, ino, rank.position());
      LockSupport.park(this);
      // Cleared, or park would return at once for ever; set again below.
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void grant(Waiter waiter) {
    Runnable callback = waiter.callback;
    if (callback == null) {
      waiter.granted = true;
      LockSupport.unpark(waiter.thread);
      return;
    }
    Yield.note(StateChange.LOCK_EXCLUSIVE, ino, rank.position());
    Grants.call(callback);
  }
}
