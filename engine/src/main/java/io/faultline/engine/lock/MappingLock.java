package io.faultline.engine.lock;

/**
 * The mapping lock of one inode: this engine's {@code i_mapping_sem} / {@code invalidate_lock}.
 *
 * <p>Shared: a fill may create pages and bring them up to date, and the mapping under it can
 * neither be destroyed nor moved. Exclusive: nobody creates a page or brings one up to date;
 * existing pages can still be read until they are evicted, so a destroyer evicts <em>after</em> it
 * has taken this lock. It does not own the block map: that is the inode-state lock's.
 */
public final class MappingLock extends PhaseFairLock {
  /**
   * Creates the lock, free.
   *
   * @param ino the inode's number, the lock's place in the order
   * @param counters of the volume's mapping locks
   */
  public MappingLock(long ino, LockCounters counters) {
    super(LockRank.MAPPING, ino, counters);
  }
}
