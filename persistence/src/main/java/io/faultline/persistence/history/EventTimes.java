package io.faultline.persistence.history;

import io.faultline.engine.inode.Event;
import io.faultline.engine.journal.Tx;
import java.util.OptionalLong;

/** When events happened: their change time, which no user sets. */
public final class EventTimes {
  private EventTimes() {}

  /** Nanoseconds since the epoch; empty for the one event that carries no time. */
  public static OptionalLong of(Event event) {
    return switch (event) {
      case Event.Created e -> OptionalLong.of(e.timeNanos());
      case Event.EntryAdded e -> OptionalLong.of(e.timeNanos());
      case Event.EntryRemoved e -> OptionalLong.of(e.timeNanos());
      case Event.LinksChanged e -> OptionalLong.of(e.ctimeNanos());
      case Event.Moved e -> OptionalLong.of(e.ctimeNanos());
      case Event.AttributesChanged e -> OptionalLong.of(e.ctimeNanos());
      case Event.Freed e -> OptionalLong.empty();
      case Event.Truncated e -> OptionalLong.of(e.ctimeNanos());
      case Event.RangePunched e -> OptionalLong.of(e.ctimeNanos());
      case Event.RangeZeroed e -> OptionalLong.of(e.ctimeNanos());
      case Event.ExtentsAllocated e -> OptionalLong.of(e.ctimeNanos());
      case Event.ExtentsMapped e -> OptionalLong.of(e.ctimeNanos());
      case Event.RangeCollapsed e -> OptionalLong.of(e.ctimeNanos());
      case Event.RangeInserted e -> OptionalLong.of(e.ctimeNanos());
    };
  }

  /** The newest time in a transaction; empty if none of its events carries one. */
  public static OptionalLong of(Tx tx) {
    return tx.events().stream().map(EventTimes::of).flatMapToLong(OptionalLong::stream).max();
  }
}
