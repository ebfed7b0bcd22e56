package io.faultline.engine.runtime;

/**
 * What a run's trace tells beside its {@link YieldPoint}s: the moments at which a lock, a page, a
 * mapping, a size or a transaction changed state. Told by {@link Yield#note}; never a task switch.
 *
 * <p>The argument of a lock's change is its rank's position, of a page's change the page's index.
 */
public enum StateChange {
  /** A lock is held shared by one more. */
  LOCK_SHARED,
  /** A shared hold ended. */
  LOCK_SHARED_RELEASED,
  /** An exclusive is queued behind shared holders: they drain, and no new one gets in. */
  LOCK_DRAINING,
  /** A lock is held exclusive. */
  LOCK_EXCLUSIVE,
  /** The exclusive hold ended. */
  LOCK_EXCLUSIVE_RELEASED,
  /** A locked page without content entered the page table. */
  PAGE_INSERTED,
  /** A page's content is valid. */
  PAGE_UPTODATE,
  /** A page holds bytes that its block does not. */
  PAGE_DIRTY,
  /** A page is being written to its block. */
  PAGE_WRITEBACK,
  /** The write of a page has ended. */
  PAGE_CLEAN,
  /** A page left the table. */
  PAGE_EVICTED,
  /** The block map of an inode changed; the argument is the LSN of the transaction that says so. */
  MAPPING_CHANGED,
  /** isize changed; the argument is the new size in bytes. */
  SIZE_CHANGED,
  /** Blocks may be used again; the argument is their number. */
  BLOCKS_FREED,
  /** A page got blocks of its own; the argument is the first of them. */
  BLOCKS_TAKEN,
  /** A transaction can no longer be lost; the argument is its LSN. */
  TX_DURABLE
}
