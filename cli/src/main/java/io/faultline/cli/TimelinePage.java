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
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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

  /** A kind of step of a trace on the page, by the word that the trace has for it. */
  private record StepLook(String what, String color, String shape) {}

  private static final List<StepLook> STEPS =
      List.of(
          new StepLook("lock-shared", "#6aaed6", "up"),
          new StepLook("lock-shared-released", "#6aaed6", "down"),
          new StepLook("lock-draining", "#e08214", "hook"),
          new StepLook("lock-exclusive", "#a50f15", "up"),
          new StepLook("lock-exclusive-released", "#a50f15", "down"),
          new StepLook("page-inserted", "#74a97b", "ring"),
          new StepLook("page-uptodate", "#1a7f37", "disc"),
          new StepLook("page-dirty", "#8d6e00", "box"),
          new StepLook("page-writeback", "#8d6e00", "slashed"),
          new StepLook("page-clean", "#8d6e00", "frame"),
          new StepLook("page-evicted", "#555555", "cross"),
          new StepLook("mapping-changed", "#0d47a1", "diamond"),
          new StepLook("size-changed", "#c2185b", "bar"),
          new StepLook("blocks-freed", "#777777", "left"),
          new StepLook("blocks-taken", "#777777", "right"),
          new StepLook("tx-durable", "#111111", "plus"),
          new StepLook("command-begins", "#5e3c99", "right"),
          new StepLook("command-ends", "#5e3c99", "left"),
          new StepLook("command-fails", "#5e3c99", "cross"));

  private static final Map<String, Integer> STEP_KINDS =
      IntStream.range(0, STEPS.size())
          .boxed()
          .collect(Collectors.toMap(i -> STEPS.get(i).what(), i -> LOOKS.size() + i));

  private static final List<Class<? extends Event>> KINDS =
      LOOKS.stream().<Class<? extends Event>>map(Look::kind).toList();

  private static final String GROUP = "inodes";
  private static final String TRACE_GROUP = "steps";

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

  /** What a trace says of an inode has a lane of its own, numbered behind those of the events. */
  private final Map<Long, Integer> stepLanes = new LinkedHashMap<>();

  private long events;
  private long steps;

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

  /**
   * Adds a step of a trace, once all events are there.
   *
   * @param place the transaction it saw, and how far behind it
   */
  void addStep(TraceSteps.Step step, double place) throws IOException {
    if (steps == 0) {
      for (StepLook look : STEPS) {
        line("K", look.what(), look.color(), look.shape());
      }
    }
    Integer kind = STEP_KINDS.get(step.what());
    if (kind == null) {
      throw new IOException("'" + clean(step.what()) + "' is no step that this version knows");
    }
    int lane = stepLanes.computeIfAbsent(step.ino(), _ -> lanes.size() + stepLanes.size());
    line(
        "E",
        String.format(Locale.ROOT, "%.6f", place),
        Integer.toString(lane),
        Integer.toString(kind),
        Long.toString(Math.floorDiv(step.timeNanos(), 1000)),
        clean(step.text()));
    steps++;
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
    for (long ino : stepLanes.keySet()) {
      Lane named = lanes.get(ino);
      String label = ino == 0 ? "the volume" : named == null ? "" : clean(named.label);
      line("L", "ino:" + ino, TRACE_GROUP, label);
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

  long steps() {
    return steps;
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
