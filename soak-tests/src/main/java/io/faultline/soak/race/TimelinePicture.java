package io.faultline.soak.race;

import io.faultline.engine.lock.LockRank;
import io.faultline.engine.runtime.sim.Divergence;
import io.faultline.engine.runtime.sim.TraceNote;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A run as a picture: one lane per task, one per inode's mapping lock; time runs to the right, one
 * column per row of the {@link Timeline}, whose numbers it shows. A self-contained SVG that loads
 * nothing; shared is hatched, draining dotted, exclusive solid and dark, so that they differ in
 * black and white as well.
 */
final class TimelinePicture {
  private static final int LEFT = 170;
  private static final int HEAD = 46;
  private static final int COLUMN = 30;
  private static final int LANE = 44;
  private static final int LINE = 16;
  private static final int WIDTH_MIN = 860;

  /** Of a line of text in the width of a picture, at most; sans-serif at 12 is some 7 wide. */
  private static final int CHARACTER = 7;

  private static final int LABEL = 16;

  private final RaceRun run;
  private final List<Timeline.Row> rows;
  private final List<String> tasks;
  private final List<Long> locks;
  private final StringBuilder out = new StringBuilder();
  private int top;

  private TimelinePicture(RaceRun run) {
    this.run = run;
    this.rows = Timeline.rows(run);
    this.tasks = Timeline.columns(run);
    this.locks =
        run.notes().stream()
            .filter(TimelinePicture::ofMappingLock)
            .map(TraceNote::ino)
            .distinct()
            .sorted()
            .toList();
  }

  /**
   * Draws a run.
   *
   * @param title above the picture
   * @param verdict below the title
   */
  static String of(RaceRun run, String title, String verdict) {
    return new TimelinePicture(run).draw(title, verdict);
  }

  private static boolean ofMappingLock(TraceNote note) {
    return Words.isLock(note.change()) && note.arg() == LockRank.MAPPING.position();
  }

  private String draw(String title, String verdict) {
    int width = Math.max(WIDTH_MIN, LEFT + COLUMN * (rows.size() + 1) + 20);
    List<String> verdictLines = folded(verdict, (width - 32) / CHARACTER);
    top = HEAD + LABEL * verdictLines.size() + 6;
    int lanes = tasks.size() + locks.size();
    int keyTop = top + lanes * LANE + 24;
    int keyColumns = Math.max(1, width / 420);
    int keyRows = Math.ceilDiv(rows.size(), keyColumns);
    int height = keyTop + 74 + keyRows * LINE + 12;
    out.append(
        """
        <svg xmlns="http://www.w3.org/2000/svg" width="%1$d" height="%2$d" \
        viewBox="0 0 %1$d %2$d" font-family="sans-serif" font-size="12">
        <defs>
        <pattern id="shared" width="6" height="6" patternUnits="userSpaceOnUse">\
        <rect width="6" height="6" fill="#cfe3f7"/><path d="M0 6L6 0" stroke="#3b6ea5"/></pattern>
        <pattern id="draining" width="6" height="6" patternUnits="userSpaceOnUse">\
        <rect width="6" height="6" fill="#ffe9b8"/><circle cx="3" cy="3" r="1.3" fill="#8a5a00"/>\
        </pattern>
        </defs>
        <rect width="100%%" height="100%%" fill="white"/>
        """
            .formatted(width, height));
    text(16, 24, title, "font-size=\"15\" font-weight=\"bold\"");
    for (int i = 0; i < verdictLines.size(); i++) {
      text(16, 44 + LABEL * i, verdictLines.get(i), "");
    }
    for (int lane = 0; lane < lanes; lane++) {
      lane(lane, width);
    }
    for (int i = 0; i < rows.size(); i++) {
      text(x(i), top - 2, "" + (i + 1), "text-anchor=\"middle\" font-size=\"10\" fill=\"#555\"");
      line(x(i), top + 2, x(i), top + lanes * LANE, "#eee");
    }
    locks.forEach(this::holds);
    for (int i = 0; i < rows.size(); i++) {
      mark(i);
    }
    run.divergence().ifPresent(this::stop);
    legend(keyTop);
    for (int i = 0; i < rows.size(); i++) {
      Timeline.Row row = rows.get(i);
      int column = i / keyRows;
      text(
          16 + column * 420,
          keyTop + 70 + i % keyRows * LINE,
          (i + 1) + "  " + row.task() + ": " + row.text(),
          "font-size=\"11\"");
    }
    return out.append("</svg>\n").toString();
  }

  private int x(int row) {
    return LEFT + COLUMN * row + COLUMN / 2;
  }

  private int y(int lane) {
    return top + lane * LANE + LANE / 2;
  }

  private void lane(int lane, int width) {
    boolean task = lane < tasks.size();
    String name = task ? tasks.get(lane) : "lock of inode " + locks.get(lane - tasks.size());
    text(16, y(lane) + 4, name, task ? "font-weight=\"bold\"" : "font-style=\"italic\"");
    line(LEFT, y(lane), width - 20, y(lane), "#bbb");
  }

  /** The intervals in which one lock was held, or drained. */
  private void holds(long ino) {
    int lane = tasks.size() + locks.indexOf(ino);
    Map<String, Integer> shared = new LinkedHashMap<>();
    int sharedSince = -1;
    int exclusiveSince = -1;
    int drainingSince = -1;
    for (TraceNote note : run.notes()) {
      if (!ofMappingLock(note) || note.ino() != ino) {
        continue;
      }
      int at = rowOf(note);
      switch (note.change()) {
        case LOCK_SHARED -> {
          sharedSince = shared.isEmpty() ? at : sharedSince;
          shared.merge(note.task(), 1, Integer::sum);
        }
        case LOCK_SHARED_RELEASED -> {
          shared.remove(note.task());
          if (shared.isEmpty() && sharedSince >= 0) {
            bar(lane, sharedSince, at, "shared", 0);
            sharedSince = -1;
          }
        }
        case LOCK_DRAINING -> drainingSince = at;
        case LOCK_EXCLUSIVE -> {
          if (drainingSince >= 0) {
            bar(lane, drainingSince, at, "draining", 6);
            drainingSince = -1;
          }
          exclusiveSince = at;
        }
        case LOCK_EXCLUSIVE_RELEASED -> {
          bar(lane, Math.max(0, exclusiveSince), at, "exclusive", 0);
          exclusiveSince = -1;
        }
        default -> {
          // No lock's change.
        }
      }
    }
    int end = rows.size();
    if (sharedSince >= 0) {
      bar(lane, sharedSince, end, "shared", 0);
    }
    if (drainingSince >= 0) {
      bar(lane, drainingSince, end, "draining", 6);
    }
    if (exclusiveSince >= 0) {
      bar(lane, exclusiveSince, end, "exclusive", 0);
    }
  }

  private int rowOf(TraceNote note) {
    return Timeline.numberOf(run, note.step()) - 1;
  }

  private void bar(int lane, int from, int to, String state, int inset) {
    rectangle(
        x(from), y(lane) - 11 + inset, Math.max(4, (to - from) * COLUMN), 22 - 2 * inset, state);
  }

  private void rectangle(int x, int y, int width, int height, String state) {
    // Solid without a pattern: the seams between its tiles would show.
    String fill = state.equals("exclusive") ? "#8c1c1c" : "url(#" + state + ")";
    out.append(
        "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\" stroke=\"#222\"/>\n"
            .formatted(x, y, width, height, fill));
  }

  /** Where a run that follows another one could follow no further: in the lane of who could not. */
  private void stop(Divergence at) {
    int lane = Math.max(0, tasks.indexOf(Timeline.column(at.wanted().task())));
    int x = x(Math.min(rows.size(), Timeline.numberOf(run, at.step())) - 1) + COLUMN / 2;
    int y = y(lane);
    out.append("<g><title>cannot go on as the other run did</title>");
    out.append(
        "<path d=\"M%d %dl14 14m0 -14l-14 14\" stroke=\"black\" stroke-width=\"3\"/></g>\n"
            .formatted(x - 7, y - 7));
  }

  /** Text in lines of at most so many characters, cut at blanks where there are any. */
  private static List<String> folded(String text, int charactersMax) {
    List<String> lines = new ArrayList<>();
    String rest = text;
    while (rest.length() > charactersMax) {
      int blank =
          Math.max(rest.lastIndexOf(' ', charactersMax), rest.lastIndexOf('_', charactersMax));
      int cut = blank > 0 ? blank + 1 : charactersMax;
      lines.add(rest.substring(0, cut).strip());
      rest = rest.substring(cut);
    }
    lines.add(rest);
    return lines;
  }

  private void mark(int i) {
    Timeline.Row row = rows.get(i);
    int lane = tasks.indexOf(row.task());
    int x = x(i);
    int y = y(lane);
    out.append("<g><title>").append(escape(row.text())).append("</title>");
    if (row.text().startsWith("* page")) {
      boolean gone = row.text().endsWith("gone");
      out.append(
          "<path d=\"M%d %dL%d %dL%d %dL%d %dZ\" fill=\"%s\" stroke=\"black\"/>"
              .formatted(x, y - 9, x + 8, y, x, y + 9, x - 8, y, gone ? "white" : "black"));
      label(x, y, letterOf(row.text()));
    } else if (row.text().startsWith("*")) {
      out.append(
          "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" fill=\"#666\" stroke=\"black\"/>"
              .formatted(x - 6, y - 6));
    } else {
      out.append(
          "<circle cx=\"%d\" cy=\"%d\" r=\"5\" fill=\"%s\" stroke=\"black\"/>"
              .formatted(x, y, row.text().startsWith("waits") ? "black" : "white"));
    }
    out.append("</g>\n");
  }

  /** What happened to the page, below its mark. */
  private void label(int x, int y, String letter) {
    text(x, y + 20, letter, "text-anchor=\"middle\" font-size=\"10\"");
  }

  private static String letterOf(String event) {
    String word = event.substring(event.lastIndexOf(' ') + 1);
    return switch (word) {
      case "inserted" -> "I";
      case "UPTODATE" -> "U";
      case "DIRTY" -> "D";
      case "WRITEBACK" -> "W";
      case "back" -> "C";
      case "gone" -> "";
      default -> throw new IllegalArgumentException("no letter for " + event);
    };
  }

  private void legend(int keyTop) {
    int y = keyTop + 4;
    int x = 16;
    for (String state : List.of("shared", "draining", "exclusive")) {
      rectangle(x, y, 28, 14, state);
      text(x + 34, y + 12, state, "");
      x += 100;
    }
    text(x, y + 12, "◆ page: I inserted, U up to date, D dirty, W writeback, C clean   ◇ gone", "");
    text(
        16,
        y + 32,
        "■ mapping, size or blocks changed   ○ step   ● waits   ✕ cannot go on as another run did",
        "");
  }

  private void line(int x1, int y1, int x2, int y2, String colour) {
    out.append(
        "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"%s\"/>\n"
            .formatted(x1, y1, x2, y2, colour));
  }

  private void text(int x, int y, String text, String style) {
    out.append("<text x=\"%d\" y=\"%d\" %s>%s</text>\n".formatted(x, y, style, escape(text)));
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
