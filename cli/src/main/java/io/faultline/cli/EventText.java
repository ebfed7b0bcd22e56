package io.faultline.cli;

import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Event;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Events as one line: kind, then {@code key=value} pairs, {@code ino} first. Names are written as
 * in {@link Names}; extents as {@code fileBlock+length@deviceBlock:state}, comma-separated; an
 * empty list is {@code -}.
 */
final class EventText {
  private EventText() {}

  static String of(Event event) {
    StringBuilder line = new StringBuilder(EventFields.kind(event));
    line.append(" ino=").append(event.ino());
    for (Map.Entry<String, Object> field : EventFields.of(event).entrySet()) {
      line.append(' ').append(field.getKey()).append('=').append(word(field.getValue()));
    }
    return line.toString();
  }

  static String word(Object value) {
    return switch (value) {
      case EventFields.Name name -> Names.encode(name.name());
      case EventFields.Time time -> Long.toString(time.nanos());
      case EventFields.Extents extents -> extents(extents.list());
      default -> value.toString();
    };
  }

  static String extents(List<Extent> extents) {
    return extents.isEmpty()
        ? "-"
        : extents.stream().map(EventText::extent).collect(Collectors.joining(","));
  }

  static String extent(Extent extent) {
    return extent.fileBlock()
        + "+"
        + extent.length()
        + (extent.isHole() ? "" : "@" + extent.physical())
        + ":"
        + EventFields.lower(extent.state());
  }
}
