package io.faultline.soak.race;

import io.faultline.engine.lock.LockRank;
import io.faultline.engine.runtime.sim.TraceNote;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A run as a picture: one lane per task, one per inode's mapping lock; time runs to the right, one
 * column per row of the {@link Timeline}, whose numbers it shows. A self-contained SVG that loads
 * nothing; shared, draining and exclusive differ in hatching as well as in colour.
 */
final class TimelinePicture {
  private static final int LEFT = 170;
  private static final int TOP = 64;
  private static final int COLUMN = 30;
  private static final int LANE = 44;
  private static final int LINE = 16;
  private static final int WIDTH_MIN = 860;

  private final RaceRun run;
  private final List<Timeline.Row> rows;
  private final List<String> tasks;
  private final List<Long> locks;
  private final StringBuilder out = new StringBuilder();

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
    int lanes = tasks.size() + locks.size();
    int keyTop = TOP + lanes * LANE + 40;
    int keyColumns = Math.max(1, width / 420);
    int keyRows = Math.ceilDiv(rows.size(), keyColumns);
    int height = keyTop + 54 + keyRows * LINE + 12;
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
        <pattern id="exclusive" width="6" height="6" patternUnits="userSpaceOnUse">\
        <rect width="6" height="6" fill="#9c2a2a"/></pattern>
        </defs>
        <rect width="100%%" height="100%%" fill="white"/>
        """
            .formatted(width, height));
    text(16, 24, title, "font-size=\"15\" font-weight=\"bold\"");
    text(16, 44, verdict, "");
    for (int lane = 0; lane < lanes; lane++) {
      lane(lane, width);
    }
    for (int i = 0; i < rows.size(); i++) {
      text(x(i), TOP - 2, "" + (i + 1), "text-anchor=\"middle\" font-size=\"10\" fill=\"#555\"");
    }
    locks.forEach(this::holds);
    for (int i = 0; i < rows.size(); i++) {
      mark(i);
    }
    legend(keyTop);
    for (int i = 0; i < rows.size(); i++) {
      Timeline.Row row = rows.get(i);
      int column = i / keyRows;
      text(
          16 + column * 420,
          keyTop + 50 + i % keyRows * LINE,
          (i + 1) + "  " + row.task() + ": " + row.text(),
          "font-size=\"11\"");
    }
    return out.append("</svg>\n").toString();
  }

  private int x(int row) {
    return LEFT + COLUMN * row + COLUMN / 2;
  }

  private int y(int lane) {
    return TOP + lane * LANE + LANE / 2;
  }

  private void lane(int lane, int width) {
    boolean task = lane < tasks.size();
    String name = task ? tasks.get(lane) : "mapping lock of " + locks.get(lane - tasks.size());
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

  private void bar(int lane, int from, int to, String pattern, int inset) {
    out.append(
        "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"url(#%s)\" stroke=\"#222\"/>\n"
            .formatted(
                x(from),
                y(lane) - 11 + inset,
                Math.max(4, (to - from) * COLUMN),
                22 - 2 * inset,
                pattern));
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

  private void legend(int top) {
    int y = top + 4;
    int x = 16;
    for (String pattern : List.of("shared", "draining", "exclusive")) {
      out.append(
          "<rect x=\"%d\" y=\"%d\" width=\"28\" height=\"14\" fill=\"url(#%s)\" stroke=\"#222\"/>\n"
              .formatted(x, y, pattern));
      text(x + 34, y + 12, pattern, "");
      x += 110;
    }
    String symbols =
        "◆ page event (◇ page gone)   ■ mapping, size or blocks changed   ○ step   ● waits";
    text(x, y + 12, symbols, "");
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
