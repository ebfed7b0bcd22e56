package io.faultline.engine.lock;

/**
 * ext4 before the series: destroyers exclude each other, and nothing keeps a fill from them. Loses
 * data; for showing that.
 */
final class UnguardedFills implements CacheGuard {
  private final MappingLock destroyers;

  UnguardedFills(long ino, LockCounters counters) {
    destroyers = new MappingLock(ino, counters);
  }

  @Override
  public long ino() {
    return destroyers.ino();
  }

  @Override
  public LockRank rank() {
    return destroyers.rank();
  }

  @Override
  public long lockShared(long from, long to) {
    return to;
  }

  @Override
  public void unlockShared(long from, long end) {}

  @Override
  public void awaitExclusive() {}

  @Override
  public void lockExclusiveAsync(PageRange range, Runnable granted) {
    destroyers.lockExclusiveAsync(granted);
  }

  @Override
  public void unlockExclusive(PageRange range) {
    destroyers.unlockExclusive();
  }

  @Override
  public boolean heldExclusive(long from, long to) {
    return destroyers.heldExclusive();
  }

  @Override
  public boolean heldExclusive() {
    return destroyers.heldExclusive();
  }

  @Override
  public String toString() {
    return destroyers.toString();
  }
}
