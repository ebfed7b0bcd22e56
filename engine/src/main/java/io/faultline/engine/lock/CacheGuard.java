package io.faultline.engine.lock;

/**
 * What keeps the fills of one inode's page cache from the destroyers of its mapping: the mapping
 * lock as its users see it. The guards of a volume are implementations of this interface and differ
 * by nothing else (SEMANTICS §7.2).
 *
 * <p>Shared: pages of the range may be created and brought up to date, and the mapping under them
 * can neither be destroyed nor moved. Exclusive: nobody creates a page of the range or brings one
 * up to date. Existing pages can still be read until they are evicted, so a destroyer evicts
 * <em>after</em> it has been granted the exclusive. The block map itself belongs to the inode-state
 * lock.
 *
 * <p>Not re-entrant, no upgrade. {@link LockOrder} hears of every acquisition and release, except
 * that the exclusive granted to a callback belongs to no thread until one adopts it.
 */
public interface CacheGuard {
  /**
   * The guard of one inode.
   *
   * @param guard which
   * @param ino the inode's number, the lock's place in the order
   * @param counters of the volume's mapping locks
   * @return free
   */
  static CacheGuard of(Guard guard, long ino, LockCounters counters) {
    return switch (guard) {
      case MAPPING_LOCK, READS_UNDER_IO_LOCK -> new MappingLock(ino, counters);
      case RANGE_LOCK -> new MappingRangeLock(ino, counters);
      case NONE -> new UnguardedFills(ino, counters);
    };
  }

  /** The inode's number. */
  long ino();

  /** The lock's place in the order. */
  LockRank rank();

  /**
   * Holds the pages {@code [from, end)} shared, parking while a destroyer that came earlier needs
   * {@code from}. An interrupt neither ends the wait nor is lost.
   *
   * @param from the page that is needed
   * @param to end of the pages that would be welcome, greater than {@code from}
   * @return {@code end}, greater than {@code from} and at most {@code to}: the window is cut short
   *     where it would run into a destroyer, instead of waiting for it
   */
  long lockShared(long from, long to);

  /**
   * Ends one shared hold, on the thread that took it.
   *
   * @param from as asked for
   * @param end as granted
   */
  void unlockShared(long from, long end);

  /**
   * Waits until every destroyer that holds or awaits anything now is over, and holds nothing
   * afterwards. Not counted as a fill.
   */
  void awaitExclusive();

  /**
   * Asks for a range exclusive; never blocks.
   *
   * @param range of a destroyer, edges included
   * @param granted runs exactly once, holding the range: before this method returns when it is
   *     free, otherwise on the thread that ends the last hold in its way. On a thread that is
   *     inside another grant it runs right after the outermost one has returned, even if this
   *     method has by then. It must neither block nor throw. The thread that goes on first calls
   *     {@link LockOrder#adopt}.
   */
  void lockExclusiveAsync(PageRange range, Runnable granted);

  /**
   * Ends an exclusive hold, on any thread that has acquired or adopted it. May run callbacks of
   * others before it returns.
   *
   * @param range as asked for
   */
  void unlockExclusive(PageRange range);

  /**
   * Whether some destroyer holds all of {@code [from, to)}. For assertions: who is not that
   * destroyer learns nothing that lasts.
   */
  boolean heldExclusive(long from, long to);

  /** Whether some destroyer holds anything. */
  boolean heldExclusive();
}
