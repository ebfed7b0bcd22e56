package io.faultline.cli;

import io.faultline.engine.extent.Extent;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;

/**
 * One JSON object on one line. Values are numbers, booleans, texts, lists, further objects, and
 * what {@link EventFields} has; times are ISO-8601 in UTC. Everything that is not ASCII is escaped,
 * so that no character of a name can end a line.
 */
final class Json {
  private final StringBuilder text = new StringBuilder("{");

  Json put(String key, Object value) {
    if (text.length() > 1) {
      text.append(',');
    }
    quoted(text, key).append(':');
    value(text, value);
    return this;
  }

  Json putAll(Map<String, Object> values) {
    values.forEach(this::put);
    return this;
  }

  /** The line, without its end. */
  String line() {
    return text + "}";
  }

  /** Nanoseconds since the epoch in ISO-8601, UTC. */
  static String time(long nanos) {
    return Instant.ofEpochSecond(
            Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L))
        .toString();
  }

  private static void value(StringBuilder out, Object value) {
    switch (value) {
      case Number number -> out.append(number);
      case Boolean truth -> out.append(truth);
      case EventFields.Name name -> quoted(out, name.name());
      case EventFields.Time time -> quoted(out, time(time.nanos()));
      case EventFields.Extents extents -> list(out, extents.list());
      case Extent extent -> extent(out, extent);
      case Json json -> out.append(json.line());
      case Iterable<?> list -> list(out, list);
      default -> quoted(out, value.toString());
    }
  }

  private static void list(StringBuilder out, Iterable<?> list) {
    out.append('[');
    String separator = "";
    for (Object each : list) {
      out.append(separator);
      value(out, each);
      separator = ",";
    }
    out.append(']');
  }

  /** In blocks, as everything of events. */
  private static void extent(StringBuilder out, Extent extent) {
    Json json = new Json().put("block", extent.fileBlock()).put("length", extent.length());
    if (!extent.isHole()) {
      json.put("device", extent.physical());
    }
    out.append(json.put("state", EventFields.lower(extent.state())).line());
  }

  private static StringBuilder quoted(StringBuilder out, String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ' || c > '~') {
        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.append('"');
  }
}
