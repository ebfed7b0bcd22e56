package io.faultline.engine.runtime;

import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One omitted step of the engine each, for tests that must die without it. A mutant is one branch
 * in the engine's own code; it exists only in a JVM started with {@code -Dfaultline.mutants=true},
 * and costs nothing elsewhere because {@link #ENABLED} is a constant.
 */
public enum Mutant {
  /** R1: the size is sampled once per read, not per page inside the validated section. */
  R1_SIZE_SAMPLED_BEFORE_COPY,
  /** R2: fsync does not wait for pages already under writeback. */
  R2_FSYNC_SKIPS_WRITEBACK,
  /** R2: fsync does not flush the image when its transaction is durable already. */
  R2_FSYNC_SKIPS_FLUSH,
  /** R2: fsync does not wait for a destroyer that took dirty pages and has not published yet. */
  R2_FSYNC_SKIPS_DESTROYER,
  /** R3: punch does not raise the durable size. */
  R3_PUNCH_KEEPS_DURABLE_SIZE,
  /** R3: writeback raises the durable size past isize. */
  R3_DURABLE_SIZE_UNCLAMPED,
  /** R4: a destroyer zeroes its edges in memory only and does not mark them. */
  R4_EDGE_NOT_WRITTEN,
  /** R4: stores past isize are let through. */
  R4_STORE_PAST_SIZE,
  /** R5: a store skips make-writable on a clean page. */
  R5_STORE_SKIPS_MKWRITE,
  /** R6: a destroyer does not wait for pages under writeback or locked by a fill. */
  R6_DISCARD_SKIPS_BUSY,
  /** R6: a write does not move the version. */
  R6_WRITE_KEEPS_VERSION,
  /** R7: writeback clears WRITEBACK before it publishes its mapping. */
  R7_CLEAR_BEFORE_PUBLISH,
  /** R7: a fill looks its mapping up before it inserts the page. */
  R7_LOOKUP_BEFORE_INSERT,
  /** R9, I6: freed blocks may be reused before the freeing transaction is durable. */
  R9_FREE_AT_ONCE,
  /** R11: a failed command does not give its locks back. */
  R11_FAILURE_LEAKS_LOCKS,
  /** R12: a command's body runs in the actor's turn. */
  R12_BODY_IN_TURN,
  /** R17: a leaf leaves its table with its words still alive. */
  R17_LEAF_NOT_KILLED,
  /** R18: the size is sampled before the I/O lock is held. */
  R18_SIZE_BEFORE_LOCK,
  /** R19: a back-out that brings the readers to 0 does not hand over. */
  R19_BACK_OUT_WITHOUT_HAND_OVER,
  /** R19: a released exclusive goes to the next exclusive first. */
  R19_EXCLUSIVE_BEFORE_SHARED,
  /** R19: a queued exclusive does not stop new shared requests. */
  R19_SHARED_IGNORES_WANT,
  /** R20: a discarded page keeps its reservation. */
  R20_DISCARD_KEEPS_RESERVATION,
  /** R20: no commit before ENOSPC is answered. */
  R20_NO_COMMIT_BEFORE_ENOSPC,
  /** R21: frames are taken while the slot lock is held. */
  R21_NO_FRAME_RESERVE,
  /** R23: refused allocations are not given back. */
  R23_REFUSED_BLOCKS_KEPT,
  /** R24: the end of an interval forgets commands that took dirty pages and publish later. */
  R24_INTERVAL_SKIPS_DESTROYER,
  /** R24: closing a volume does not sync it. */
  R24_CLOSE_DOES_NOT_SYNC,
  /**
   * M7, B7: punch trusts that the cache was emptied before the lock and evicts nothing under it.
   */
  M7_EVICT_BEFORE_LOCK,
  /** M16, B7: writeback looks its mapping up before the pages are its own. */
  M16_MAPPING_BEFORE_WRITEBACK,
  /** R7, e3: a write looks its mapping up before it inserts the page. */
  R7_WRITE_LOOKUP_BEFORE_INSERT,
  /** k1: a shift writes back before it has its locks and not under them. */
  K1_FLUSH_BEFORE_LOCK,
  /** M1, B1: a demanded fill takes no mapping lock. */
  M1_FILL_WITHOUT_LOCK,
  /** M3, B2: readahead and advice take no mapping lock. */
  M3_READAHEAD_WITHOUT_LOCK,
  /** M4: a store's fault takes no mapping lock. */
  M4_FAULT_WITHOUT_LOCK,
  /** M5: a fill gives the mapping lock back before its page is in the table. */
  M5_LOCK_DROPPED_BEFORE_INSERT,
  /** M11: truncate lowers isize only after the eviction. */
  M11_SIZE_AFTER_EVICT,
  /** M19: a fill takes the mapping lock shared once more while it holds it. */
  M19_NESTED_SHARED,
  /** M26: cleaning up evicts dirty pages too. */
  M26_EVICTS_DIRTY,
  /** M28: a page whose read failed is marked UPTODATE. */
  M28_FAILED_READ_IS_UPTODATE,
  /** B5: partial pages at the ends of a range are not zeroed. */
  B5_EDGES_NOT_ZEROED,
  /** B6: punch discards pages that lie only partly in its range. */
  B6_DISCARD_ROUNDS_OUT,
  /** B9: truncate leaves the pages behind the new end in the cache. */
  B9_TRUNCATE_KEEPS_CACHE,
  /** B10: after a punch the file in use still looks its blocks up in the old mapping. */
  B10_OLD_MAPPING_AFTER_PUNCH,
  /** B15: an extending write raises the size before its data is there. */
  B15_SIZE_BEFORE_DATA,
  /** B18: punch changes the size. */
  B18_PUNCH_CHANGES_SIZE,
  /** M6: a page is unlocked, and up to date, when its read is submitted. */
  M6_UNLOCKED_AT_SUBMISSION,
  /** M17, B16: a commit persists its transaction before it flushes the image. */
  M17_METADATA_BEFORE_DATA,
  /** M25, B13: a queued exclusive does not stop new shared holds. */
  M25_SHARED_PASSES_EXCLUSIVE,
  /** B3: punch gives its blocks up before it empties the cache. */
  B3_FREE_BEFORE_EVICT,
  /** B11: a command's body sends a command to its own actor and waits for it. */
  B11_BODY_ASKS_ITS_ACTOR,
  /** B12: the locks of several inodes are taken in the order in which they were named. */
  B12_INODES_UNORDERED,
  /** B20: fsync reports only the errors of its own writeback. */
  B20_EARLIER_ERROR_HIDDEN,
  /** B21: closing a file syncs it. */
  B21_CLOSE_SYNCS,
  /** B22: waiters are let go when their transaction is closed. */
  B22_REPLY_BEFORE_DURABLE,
  /** B23: apply takes a time from a clock instead of its event. */
  B23_APPLY_READS_CLOCK,
  /** B25: a batch goes into the journal in two parts. */
  B25_BATCH_TORN,
  /** B27: a reader takes a page whose fill has not ended. */
  B27_UNREAD_PAGE_MAPPED,
  /** B28: recovery goes on behind a record that is missing. */
  B28_GAP_ACCEPTED,
  /** I11: an exclusive request goes before those that are queued. */
  I11_EXCLUSIVE_JUMPS_QUEUE,
  /** I12: a shift gives its locks' protection up between the blocks and the size. */
  I12_SHIFT_IN_TWO_STEPS,
  /** I14: a freed block does not reach the allocator's bitmap. */
  I14_FREED_BLOCK_LOST,
  /** Writeback that frees frames waits for the end of an interval, commit and flush included. */
  FRAMES_WAIT_FOR_COMMIT,
  /** Nothing is kept free behind a file that grows: costs extents, breaks nothing. */
  ALLOCATION_WITHOUT_WINDOW,
  /** A write range leaves its last page free. */
  WRITE_RANGE_ENDS_EARLY,
  /**
   * A growing truncate or zero asks for pages from where it is told, not from the tail it zeroes.
   */
  RANGE_NARROWED,
  /** The last name takes its inode along, whoever has the file open. */
  UNLINK_ENDS_OPEN_FILE,
  /** Writers are not held back however many pages wait to be written. */
  DIRTY_PAGES_UNLIMITED,
  /** Writers go on waiting for writeback when the volume has turned read-only. */
  WRITERS_WAIT_FOR_EVER,
  /** A new page is taken for one that is used often. */
  SCANS_REACH_MAIN,
  /** A page that an eviction met dirty is not looked at again once it is clean. */
  CLEANED_PAGE_LOST,
  /** Evictions take from one set of frames for as long as it has any to give. */
  SETS_TAKE_NO_TURNS;

  /** Whether this JVM may switch mutants on. */
  public static final boolean ENABLED = Boolean.getBoolean("faultline.mutants");

  private static volatile Set<Mutant> active = Set.of();

  private static final AtomicLong TICKS = new AtomicLong();

  /** A clock for {@link #B23_APPLY_READS_CLOCK}: it never says the same twice. */
  public static long tick() {
    return TICKS.incrementAndGet();
  }

  /** Whether this step is to be omitted. */
  public boolean on() {
    return ENABLED && active.contains(this);
  }

  /** Makes {@code mutants} and no others active, for the whole JVM. */
  public static void activate(Mutant... mutants) {
    if (!ENABLED) {
      throw new IllegalStateException("mutants need -Dfaultline.mutants=true");
    }
    Set<Mutant> next = EnumSet.noneOf(Mutant.class);
    next.addAll(Set.of(mutants));
    active = next;
  }
}
