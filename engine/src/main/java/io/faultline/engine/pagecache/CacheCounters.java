package io.faultline.engine.pagecache;

import java.util.concurrent.atomic.LongAdder;

/** What a page cache counted. One per volume. */
public final class CacheCounters {
  public final LongAdder readMisses = new LongAdder();
  public final LongAdder pagesFilled = new LongAdder();
  public final LongAdder evictions = new LongAdder();

  /** Pages that a destroyer took out of the cache while they were being filled. */
  public final LongAdder evictedUnderFill = new LongAdder();

  public final LongAdder pagesWritten = new LongAdder();
  public final LongAdder pagesDropped = new LongAdder();
}
