package io.faultline.engine.extent;

/**
 * Free blocks behind the last ones of a file that grows, which others leave alone as long as they
 * find free blocks elsewhere: files that are written at the same time each stay in one piece, as
 * with ext3's reservation windows. A hint: nothing in it is promised, counted or journaled, and
 * whoever finds nothing else takes blocks out of it.
 *
 * <p>One belongs to one file for as long as that is in use; {@link BlockAllocator#close} gives its
 * blocks up. Its monitor orders the allocations of that file; where it lies is guarded by the lock
 * of its group too.
 */
public final class AllocationWindow {
  /** The group it lies in; -1 if it is nowhere. Guarded by the monitor. */
  int group = -1;

  /** In blocks of the group, half open; changed with the monitor and the group's lock held. */
  int from;

  int to;

  /** Blocks that the next one should have; guarded by the monitor. */
  int ahead;
}
