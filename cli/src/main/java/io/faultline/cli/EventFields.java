package io.faultline.cli;

import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.FileKind;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What an event says, as fields in the order in which they are shown: numbers, booleans, words,
 * {@link Name}s, {@link Time}s and lists of extents.
 */
final class EventFields {
  /** Something that a user named. */
  record Name(String name) {}

  /** Nanoseconds since the epoch. */
  record Time(long nanos) {}

  /** An extent list; a type of its own because elements of lists are erased. */
  record Extents(List<Extent> list) {
    Extents {
      list = List.copyOf(list);
    }
  }

  private final Map<String, Object> fields = new LinkedHashMap<>();

  private EventFields() {}

  static String kind(Event event) {
    return event.getClass().getSimpleName();
  }

  /** The fields behind kind and inode. */
  static Map<String, Object> of(Event event) {
    EventFields out = new EventFields();
    switch (event) {
      case Event.Created e -> {
        out.put("kind", lower(e.kind())).put("mode", Integer.toOctalString(e.mode()));
        out.put("uid", (long) e.uid()).put("gid", (long) e.gid());
        if (e.kind() == FileKind.DIRECTORY) {
          out.put("parent", e.parent());
        }
        if (e.kind() == FileKind.SYMLINK) {
          out.put("target", new Name(e.target()));
        }
        out.put("time", new Time(e.timeNanos()));
      }
      case Event.EntryAdded e -> out.entry(e.name(), e.child(), e.directory(), e.timeNanos());
      case Event.EntryRemoved e -> out.entry(e.name(), e.child(), e.directory(), e.timeNanos());
      case Event.LinksChanged e ->
          out.put("nlink", (long) e.nlink()).put("ctime", new Time(e.ctimeNanos()));
      case Event.Moved e -> out.put("parent", e.parent()).put("ctime", new Time(e.ctimeNanos()));
      case Event.AttributesChanged e -> {
        out.put("mode", Integer.toOctalString(e.mode()));
        out.put("uid", (long) e.uid()).put("gid", (long) e.gid());
        out.put("atime", new Time(e.atimeNanos())).times(e.mtimeNanos(), e.ctimeNanos());
      }
      case Event.Freed e -> out.put("removed", new Extents(e.removed()));
      case Event.Truncated e ->
          out.put("size", e.size())
              .put("removed", new Extents(e.removed()))
              .times(e.mtimeNanos(), e.ctimeNanos());
      case Event.RangePunched e ->
          out.range(e.from(), e.to())
              .put("removed", new Extents(e.removed()))
              .sized(e.durableSize(), e.mtimeNanos(), e.ctimeNanos());
      case Event.RangeZeroed e ->
          out.range(e.from(), e.to())
              .put("allocated", new Extents(e.allocated()))
              .sized(e.durableSize(), e.mtimeNanos(), e.ctimeNanos());
      case Event.ExtentsAllocated e ->
          out.put("allocated", new Extents(e.allocated()))
              .sized(e.durableSize(), e.mtimeNanos(), e.ctimeNanos());
      case Event.ExtentsMapped e ->
          out.put("written", new Extents(e.written()))
              .sized(e.durableSize(), e.mtimeNanos(), e.ctimeNanos());
      case Event.RangeCollapsed e ->
          out.range(e.from(), e.to())
              .put("removed", new Extents(e.removed()))
              .sized(e.durableSize(), e.mtimeNanos(), e.ctimeNanos());
      case Event.RangeInserted e ->
          out.put("at", e.at())
              .put("length", e.length())
              .sized(e.durableSize(), e.mtimeNanos(), e.ctimeNanos());
    }
    return out.fields;
  }

  private EventFields put(String key, Object value) {
    fields.put(key, value);
    return this;
  }

  private void entry(String name, long child, boolean directory, long timeNanos) {
    put("name", new Name(name)).put("child", child).put("directory", directory);
    put("time", new Time(timeNanos));
  }

  private EventFields range(long from, long to) {
    return put("from", from).put("to", to);
  }

  private void sized(long durableSize, long mtimeNanos, long ctimeNanos) {
    put("size", durableSize).times(mtimeNanos, ctimeNanos);
  }

  private void times(long mtimeNanos, long ctimeNanos) {
    put("mtime", new Time(mtimeNanos)).put("ctime", new Time(ctimeNanos));
  }

  static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
