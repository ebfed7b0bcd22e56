package io.faultline.engine.lock;

import java.util.concurrent.atomic.LongAdder;

/**
 * What the locks of one volume did; one instance per volume and lock kind, nothing global. The
 * adders may be read at any time; several of them read together are not one moment.
 */
public final class LockCounters {
  /**
   * Shared acquisitions. Complete only with {@code -Dfaultline.checks=true}; otherwise those that
   * went through the slow path, because counting would cost the fast path as much as locking does.
   */
  public final LongAdder sharedAcquired = new LongAdder();

  /** Shared acquisitions that queued because an exclusive held the lock or waited for it. */
  public final LongAdder sharedWaitedForExclusive = new LongAdder();

  /**
   * Exclusive acquisitions that had to wait for shared holders, each counted once. A shared acquire
   * that is just backing out counts as a holder for that instant, and so does a sync that has
   * waited for a destroyer.
   */
  public final LongAdder exclusiveWaitedForShared = new LongAdder();

  /** Exclusive acquisitions granted. */
  public final LongAdder exclusiveAcquired = new LongAdder();

  /** Creates counters at zero. */
  public LockCounters() {}
}
