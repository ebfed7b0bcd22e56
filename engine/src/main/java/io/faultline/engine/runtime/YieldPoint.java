package io.faultline.engine.runtime;

/**
 * The places where a task may lose the processor in simulation: the preemption points P1 to P19 of
 * the semantics (each is a place where a kernel race lived), and the waits. The Javadoc of each
 * constant names its P-number and what the point lies between.
 */
public enum YieldPoint {
  // --- read and fill

  /** P1: the page table lookup missed and the mapping lock is not yet taken. */
  READ_MISS,

  /** P2: the mapping lock is held shared and the locked page is not yet inserted. */
  FILL_LOCKED,

  /** P3: the locked page is in the table and the extent is not yet looked up. */
  FILL_INSERTED,

  /** P4: the extent is known and the device read is not yet submitted. */
  FILL_MAPPED,

  /** P5: a device request is queued and the device has not executed it. */
  IO_SUBMITTED,

  /** P6: the device has executed a request and its completion has not run. */
  IO_DONE,

  /** P7: the completion has run and the page is not yet marked UPTODATE. */
  FILL_UPTODATE,

  /** P8: the slot word was loaded and isize is about to be, or just was, sampled (R1). */
  SIZE_SAMPLED,

  /** P9: isize is sampled and the bytes are not yet copied. */
  READ_COPY,

  /** P9: the bytes are copied and the slot word is not yet validated. */
  READ_COPIED,

  // --- destroyers

  /** P10: the mapping lock is held exclusive and nothing is evicted. */
  DESTROY_LOCKED,

  /**
   * P10: a partial edge page is locked and not yet zeroed and written through; whole pages are
   * discarded behind this.
   */
  DESTROY_EDGES,

  /** P10: eviction is complete and the mapping is not yet changed. */
  DESTROY_EVICTED,

  /** P11: the mapping change is applied and published and its blocks are not yet freed. */
  DESTROY_APPLIED,

  /** P11: the transaction is durable and its freed blocks are not yet reusable. */
  BLOCKS_FREED,

  /** P12: truncate has set isize and has not yet evicted. */
  SIZE_SET,

  /** P12: truncate has appended the size event and blocks are not yet freed. */
  SIZE_APPENDED,

  // --- writeback

  /** P13: a dirty page is locked and its mapping is not yet looked up. */
  WRITEBACK_LOCKED,

  /** P13: blocks are allocated and WRITEBACK is set, nothing submitted. */
  WRITEBACK_MAPPED,

  /** P13: the device write is submitted and not yet complete. */
  WRITEBACK_SUBMITTED,

  /** P13: the device write is complete and the mapping event not yet appended. */
  WRITEBACK_WRITTEN,

  /** P13: the mapping is published and WRITEBACK is still set. */
  WRITEBACK_PUBLISHED,

  /** P13: WRITEBACK is clear and waiters are not yet woken. */
  WRITEBACK_CLEARED,

  // --- writes and make writable

  /** P14: IoLock is held and isize is about to be sampled (R18). */
  WRITE_LOCKED,

  /** P14: the slot LOCK is held and nothing is copied. */
  WRITE_SLOT_LOCKED,

  /** P14: bytes are copied and DIRTY is not yet set. */
  WRITE_COPIED,

  /** P14: DIRTY is set and isize is not yet raised. */
  WRITE_DIRTIED,

  /** P15: the mapping lock is held shared and the slot is not yet locked. */
  MKWRITE_LOCKED,

  /** P15: the slot is locked, the page still attached, nothing reserved. */
  MKWRITE_SLOT_LOCKED,

  /** P15: space is reserved and DIRTY is not yet set. */
  MKWRITE_RESERVED,

  // --- direct I/O, clone, zones

  /** P16: a direct request is counted and cached pages are not yet flushed. */
  DIRECT_COUNTED,

  /** P16: cached pages are gone and the direct request is not yet submitted. */
  DIRECT_INVALIDATED,

  /** P16: the device has finished and conversion, size and the second invalidation are due. */
  DIRECT_DONE,

  /** P17: the first of two inodes is locked and the second is not. */
  CLONE_FIRST_LOCKED,

  /** P17: both inodes are locked and flushed and nothing is compared or remapped. */
  CLONE_FLUSHED,

  /** P17: one extent is remapped and the next, or the size, is not. */
  CLONE_REMAPPED,

  /** P18: the write pointer is checked and not yet advanced. */
  ZONE_CHECKED,

  /** P18: the write pointer is advanced and nothing is submitted. */
  ZONE_ADVANCED,

  /** P18: the zone is reset and its pages are not yet evicted. */
  ZONE_RESET,

  // --- commit

  /** P19: the running transaction is closed and the image is not yet flushed. */
  COMMIT_CLOSED,

  /** P19: the image is flushed and the transaction is not yet persisted. */
  COMMIT_FLUSHED,

  /** P19: the transaction is durable and its waiters are not yet completed. */
  COMMIT_DURABLE,

  /** P19: anywhere else a crash is worth trying. */
  CRASH,

  // --- waiting

  /** P1: a shared acquire met an exclusive and its reader count is not yet backed out. */
  LOCK_BACKOUT,

  /** P1: a shared acquire has backed out and is not yet queued. */
  LOCK_QUEUE,

  /** P10: the reader count has dropped to 0 and the waiting exclusive is not yet granted. */
  LOCK_HAND_OVER,

  /** P11: an exclusive holder is about to release. */
  LOCK_RELEASE,

  // --- waits: the scheduler prefers somebody else

  /** P1: a lock is asked for and not granted: the task is about to park. */
  LOCK_WAIT(true),

  /** P2: a slot is locked by somebody else: the task is about to park or look again. */
  SLOT_WAIT(true),

  /** P13: a page is under writeback: the task is about to park. */
  WRITEBACK_WAIT(true),

  /** P19: a transaction is not durable yet: the task is about to park. */
  COMMIT_WAIT(true),

  /** P14: the running transaction is full: the task is about to park. */
  ROOM_WAIT(true),

  /** P5: a device request is outstanding: the task is about to park. */
  IO_WAIT(true),

  /** P9: a validation failed: the task is about to try again. */
  SPIN(true);

  private final boolean waiting;

  YieldPoint() {
    this(false);
  }

  YieldPoint(boolean waiting) {
    this.waiting = waiting;
  }

  /**
   * Whether the task cannot get on before another one has run. A switch at such a point is not
   * counted as a preemption, and a task on the scheduler's own thread may not reach one.
   *
   * @return true for the waits
   */
  public boolean waiting() {
    return waiting;
  }
}
