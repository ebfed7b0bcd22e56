package io.faultline.cli;

import io.faultline.engine.inode.Event;
import io.faultline.engine.journal.Tx;
import io.faultline.persistence.history.EventTimes;
import io.faultline.persistence.history.NamedEvents;
import java.io.Closeable;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.zip.GZIPOutputStream;

/**
 * The page of {@code timeline}: the frame in {@code timeline.html}, which says what the lines of
 * the data are, around one packed block of such lines. Names reach the page only inside that block
 * and are shown as text, so none can become markup. Written as events come; memory holds the lanes.
 */
final class TimelinePage implements Closeable {
  /** A kind of event on the page. Colours differ in lightness too; shapes suffice without them. */
  private record Look(Class<? extends Event> kind, String color, String shape) {}

  private static final List<Look> LOOKS =
      List.of(
          new Look(Event.Created.class, "#1a7f37", "disc"),
          new Look(Event.EntryAdded.class, "#4a9d3f", "up"),
          new Look(Event.EntryRemoved.class, "#b35900", "down"),
          new Look(Event.LinksChanged.class, "#6b7280", "diamond"),
          new Look(Event.Moved.class, "#7c3aed", "hook"),
          new Look(Event.AttributesChanged.class, "#6b7280", "ring"),
          new Look(Event.Freed.class, "#111111", "cross"),
          new Look(Event.Truncated.class, "#c2185b", "bar"),
          new Look(Event.RangePunched.class, "#c62828", "frame"),
          new Look(Event.RangeZeroed.class, "#8d6e00", "slashed"),
          new Look(Event.ExtentsAllocated.class, "#0277bd", "plus"),
          new Look(Event.ExtentsMapped.class, "#0d47a1", "box"),
          new Look(Event.RangeCollapsed.class, "#ad1457", "left"),
          new Look(Event.RangeInserted.class, "#00695c", "right"));

  private static final List<Class<? extends Event>> KINDS =
      LOOKS.stream().<Class<? extends Event>>map(Look::kind).toList();

  private static final String GROUP = "inodes";

  /** A lane and the names it had. */
  private static final class Lane {
    private final int number;
    private final List<String> names = new ArrayList<>();
    private String name = "";

    /** The last path; what lost its last name is still best known by it. */
    private String label = "";

    private Lane(int number) {
      this.number = number;
    }

    private void named(long lsn, String now) {
      if (!now.equals(name)) {
        name = now;
        label = label.isEmpty() || now.startsWith("/") ? now : label;
        names.add(lsn + "\t" + clean(now));
      }
    }
  }

  private final OutputStream page;
  private final String behind;
  private final Writer lines;
  private final Map<Long, Lane> lanes = new LinkedHashMap<>();
  private long events;

  /**
   * Begins a page.
   *
   * @param page takes it; closed with this
   */
  TimelinePage(OutputStream page, String title) throws IOException {
    this.page = page;
    String frame = frame().replace("@TITLE@", escaped(title));
    int data = frame.indexOf("@DATA@");
    page.write(frame.substring(0, data).getBytes(StandardCharsets.UTF_8));
    behind = frame.substring(data + "@DATA@".length());
    OutputStream unclosed =
        new FilterOutputStream(page) {
          @Override
          public void write(byte[] bytes, int from, int length) throws IOException {
            out.write(bytes, from, length);
          }

          @Override
          public void close() throws IOException {
            flush();
          }
        };
    lines =
        new OutputStreamWriter(
            new GZIPOutputStream(Base64.getEncoder().wrap(unclosed), 1 << 16),
            StandardCharsets.UTF_8);
    for (Look look : LOOKS) {
      line("K", look.kind().getSimpleName(), look.color(), look.shape());
    }
  }

  private static String frame() throws IOException {
    try (InputStream in = TimelinePage.class.getResourceAsStream("timeline.html")) {
      if (in == null) {
        throw new IOException("the page's frame is missing from this build");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Adds the events of a transaction. */
  void add(Tx tx, NamedEvents.Names names) throws IOException {
    OptionalLong txTime = EventTimes.of(tx);
    int count = tx.events().size();
    for (int index = 0; index < count; index++) {
      Event event = tx.events().get(index);
      Lane lane = lanes.computeIfAbsent(event.ino(), _ -> new Lane(lanes.size()));
      lane.named(tx.lsn(), names.path(event.ino()));
      OptionalLong own = EventTimes.of(event);
      OptionalLong time = own.isPresent() ? own : txTime;
      // Events of one transaction stand side by side in the room of its number.
      String x = index == 0 ? "" + tx.lsn() : tx.lsn() + "." + fraction(index, count);
      line(
          "E",
          x,
          Integer.toString(lane.number),
          Integer.toString(KINDS.indexOf(event.getClass())),
          time.isPresent() ? Long.toString(Math.floorDiv(time.getAsLong(), 1000)) : "-",
          text(event));
      events++;
    }
  }

  /** Thousandths, never a whole one: the number in front says the transaction. */
  private static String fraction(int index, int count) {
    int thousandths = (int) (800L * index / count);
    return String.format(Locale.ROOT, "%03d", thousandths);
  }

  /** What an event says besides its kind, inode and time. */
  private static String text(Event event) {
    StringBuilder text = new StringBuilder();
    for (Map.Entry<String, Object> field : EventFields.of(event).entrySet()) {
      if (!(field.getValue() instanceof EventFields.Time)) {
        text.append(text.isEmpty() ? "" : " ").append(field.getKey()).append('=');
        text.append(EventText.word(field.getValue()));
      }
    }
    return text.toString();
  }

  /** Ends the page: the lanes, and what it says of the whole. */
  void finish(long from, long to, String note) throws IOException {
    line("V", "from", Long.toString(from));
    line("V", "to", Long.toString(to));
    if (!note.isEmpty()) {
      line("V", "note", clean(note));
    }
    for (Map.Entry<Long, Lane> lane : lanes.entrySet()) {
      line("L", "ino:" + lane.getKey(), GROUP, clean(lane.getValue().label));
    }
    for (Lane lane : lanes.values()) {
      for (String name : lane.names) {
        line("N", Integer.toString(lane.number), name);
      }
    }
    lines.close();
    page.write(behind.getBytes(StandardCharsets.UTF_8));
  }

  long events() {
    return events;
  }

  long inodes() {
    return lanes.size();
  }

  private void line(String... fields) throws IOException {
    lines.write(String.join("\t", Arrays.asList(fields)));
    lines.write('\n');
  }

  /** Without tabs and line ends, which separate. */
  private static String clean(String text) {
    return Names.printable(text);
  }

  private static String escaped(String text) {
    return Names.printable(text)
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  @Override
  public void close() throws IOException {
    page.close();
  }
}
