package io.faultline.cli;

import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.FileKind;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Events as one line: kind, then {@code key=value} pairs, {@code ino} first. Names are written as
 * in {@link Names}; extents as {@code fileBlock+length@deviceBlock:state}, comma-separated; an
 * empty list is {@code -}.
 */
final class EventText {
  private EventText() {}

  static String of(Event event) {
    return switch (event) {
      case Event.Created e ->
          line(
              e,
              "kind="
                  + lower(e.kind())
                  + " mode="
                  + Integer.toOctalString(e.mode())
                  + " uid="
                  + e.uid()
                  + " gid="
                  + e.gid()
                  + parent(e)
                  + target(e)
                  + " time="
                  + e.timeNanos());
      case Event.EntryAdded e ->
          line(e, entry(e.name(), e.child(), e.directory()) + " time=" + e.timeNanos());
      case Event.EntryRemoved e ->
          line(e, entry(e.name(), e.child(), e.directory()) + " time=" + e.timeNanos());
      case Event.LinksChanged e -> line(e, "nlink=" + e.nlink() + " ctime=" + e.ctimeNanos());
      case Event.Moved e -> line(e, "parent=" + e.parent() + " ctime=" + e.ctimeNanos());
      case Event.AttributesChanged e ->
          line(
              e,
              "mode="
                  + Integer.toOctalString(e.mode())
                  + " uid="
                  + e.uid()
                  + " gid="
                  + e.gid()
                  + " atime="
                  + e.atimeNanos()
                  + times(e.mtimeNanos(), e.ctimeNanos()));
      case Event.Freed e -> line(e, "removed=" + extents(e.removed()));
      case Event.Truncated e ->
          line(
              e,
              "size="
                  + e.size()
                  + " removed="
                  + extents(e.removed())
                  + times(e.mtimeNanos(), e.ctimeNanos()));
      case Event.RangePunched e ->
          line(
              e,
              range(e.from(), e.to())
                  + " removed="
                  + extents(e.removed())
                  + sized(e.durableSize(), e.mtimeNanos(), e.ctimeNanos()));
      case Event.RangeZeroed e ->
          line(
              e,
              range(e.from(), e.to())
                  + " allocated="
                  + extents(e.allocated())
                  + sized(e.durableSize(), e.mtimeNanos(), e.ctimeNanos()));
      case Event.ExtentsAllocated e ->
          line(
              e,
              "allocated="
                  + extents(e.allocated())
                  + sized(e.durableSize(), e.mtimeNanos(), e.ctimeNanos()));
      case Event.ExtentsMapped e ->
          line(
              e,
              "written="
                  + extents(e.written())
                  + sized(e.durableSize(), e.mtimeNanos(), e.ctimeNanos()));
      case Event.RangeCollapsed e ->
          line(
              e,
              range(e.from(), e.to())
                  + " removed="
                  + extents(e.removed())
                  + sized(e.durableSize(), e.mtimeNanos(), e.ctimeNanos()));
      case Event.RangeInserted e ->
          line(
              e,
              "at="
                  + e.at()
                  + " length="
                  + e.length()
                  + sized(e.durableSize(), e.mtimeNanos(), e.ctimeNanos()));
    };
  }

  private static String line(Event event, String fields) {
    return event.getClass().getSimpleName() + " ino=" + event.ino() + " " + fields;
  }

  private static String parent(Event.Created event) {
    return event.kind() == FileKind.DIRECTORY ? " parent=" + event.parent() : "";
  }

  private static String target(Event.Created event) {
    return event.kind() == FileKind.SYMLINK ? " target=" + Names.encode(event.target()) : "";
  }

  private static String entry(String name, long child, boolean directory) {
    return "name=" + Names.encode(name) + " child=" + child + " directory=" + directory;
  }

  private static String range(long from, long to) {
    return "from=" + from + " to=" + to;
  }

  private static String sized(long durableSize, long mtimeNanos, long ctimeNanos) {
    return " size=" + durableSize + times(mtimeNanos, ctimeNanos);
  }

  private static String times(long mtimeNanos, long ctimeNanos) {
    return " mtime=" + mtimeNanos + " ctime=" + ctimeNanos;
  }

  private static String extents(List<Extent> extents) {
    return extents.isEmpty()
        ? "-"
        : extents.stream().map(EventText::extent).collect(Collectors.joining(","));
  }

  private static String extent(Extent extent) {
    return extent.fileBlock()
        + "+"
        + extent.length()
        + (extent.isHole() ? "" : "@" + extent.physical())
        + ":"
        + lower(extent.state());
  }

  private static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
