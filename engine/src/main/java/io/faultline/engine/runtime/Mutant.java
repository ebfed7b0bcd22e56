package io.faultline.engine.runtime;

import java.util.EnumSet;
import java.util.Set;

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
  /** R20: a discarded page keeps its reservation. */
  R20_DISCARD_KEEPS_RESERVATION,
  /** R20: no commit before ENOSPC is answered. */
  R20_NO_COMMIT_BEFORE_ENOSPC,
  /** R21: frames are taken while the slot lock is held. */
  R21_NO_FRAME_RESERVE,
  /** R23: refused allocations are not given back. */
  R23_REFUSED_BLOCKS_KEPT,
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
  B18_PUNCH_CHANGES_SIZE;

  /** Whether this JVM may switch mutants on. */
  public static final boolean ENABLED = Boolean.getBoolean("faultline.mutants");

  private static volatile Set<Mutant> active = Set.of();

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
