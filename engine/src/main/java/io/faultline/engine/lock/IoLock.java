package io.faultline.engine.lock;

/**
 * The outermost lock of one inode: this engine's {@code i_rwsem}. Shared for writes inside EOF (and
 * for reads where the guard says so), exclusive for writes that extend and for every command that
 * changes the mapping. Never taken on the fault path.
 */
public final class IoLock extends PhaseFairLock {
  /**
   * Creates the lock, free.
   *
   * @param ino the inode's number, the lock's place in the order
   * @param counters of the volume's I/O locks
   */
  public IoLock(long ino, LockCounters counters) {
    super(LockRank.IO, ino, counters);
  }
}
