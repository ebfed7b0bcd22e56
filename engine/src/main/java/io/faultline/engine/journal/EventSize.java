package io.faultline.engine.journal;

import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Event;
import java.util.List;

/**
 * How many bytes an event can take in a journal, at most. Only the limit on a transaction's size
 * rests on it, so it is cheap and generous rather than exact; the codec's tests hold it against
 * what is really written.
 */
public final class EventSize {
  /** Type, version, inode number and up to seven more numbers of at most ten bytes. */
  private static final int FIXED_BYTES = 2 + 8 * 10;

  /** State, file block, device block and length. */
  private static final int EXTENT_BYTES = 1 + 3 * 10;

  /** What precedes a list or a string. */
  private static final int COUNT_BYTES = 5;

  private EventSize() {}

  /** Bytes; never less than the encoded size of {@code event}. */
  public static long upperBoundBytes(Event event) {
    return FIXED_BYTES
        + switch (event) {
          case Event.Created e -> string(e.target());
          case Event.EntryAdded e -> string(e.name());
          case Event.EntryRemoved e -> string(e.name());
          case Event.LinksChanged e -> 0;
          case Event.Moved e -> 0;
          case Event.AttributesChanged e -> 0;
          case Event.Freed e -> extents(e.removed());
          case Event.Truncated e -> extents(e.removed());
          case Event.RangePunched e -> extents(e.removed());
          case Event.RangeZeroed e -> extents(e.allocated());
          case Event.ExtentsAllocated e -> extents(e.allocated());
          case Event.ExtentsMapped e -> extents(e.written());
          case Event.RangeCollapsed e -> extents(e.removed());
          case Event.RangeInserted e -> 0;
        };
  }

  /** Bytes; the sum over {@code batch}. */
  public static long upperBoundBytes(List<Event> batch) {
    long sum = 0;
    for (Event event : batch) {
      sum += upperBoundBytes(event);
    }
    return sum;
  }

  private static long string(String text) {
    return COUNT_BYTES + 2L * text.length();
  }

  private static long extents(List<Extent> extents) {
    return COUNT_BYTES + (long) EXTENT_BYTES * extents.size();
  }
}
