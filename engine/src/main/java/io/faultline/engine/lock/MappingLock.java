package io.faultline.engine.lock;

/**
 * The mapping lock of one inode as the kernel has it: this engine's {@code i_mapping_sem} / {@code
 * invalidate_lock}, one lock for the whole file. What its two sides promise is said in {@link
 * CacheGuard}.
 */
public final class MappingLock extends PhaseFairLock implements CacheGuard {
  /**
   * Creates the lock, free.
   *
   * @param ino the inode's number, the lock's place in the order
   * @param counters of the volume's mapping locks
   */
  public MappingLock(long ino, LockCounters counters) {
    super(LockRank.MAPPING, ino, counters);
  }

  @Override
  public long lockShared(long from, long to) {
    lockShared();
    return to;
  }

  @Override
  public void unlockShared(long from, long end) {
    unlockShared();
  }

  @Override
  public void lockExclusiveAsync(PageRange range, Runnable granted) {
    lockExclusiveAsync(granted);
  }

  @Override
  public void unlockExclusive(PageRange range) {
    unlockExclusive();
  }

  @Override
  public boolean heldExclusive(long from, long to) {
    return heldExclusive();
  }
}
