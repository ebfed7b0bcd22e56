package io.faultline.soak.race;

import io.faultline.engine.runtime.sim.TraceNote;
import io.faultline.engine.runtime.sim.TraceStep;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A run as the tables of SEMANTICS §1 show it: a column for each task, time runs downward. */
final class Timeline {
  private static final int WIDTH = 36;

  /**
   * One row.
   *
   * @param step position in the run
   */
  record Row(long step, String task, String text) {}

  private Timeline() {}

  /** The rows of a run, in order. */
  static List<Row> rows(RaceRun run) {
    List<Row> rows = new ArrayList<>();
    int n = 0;
    List<TraceNote> notes = run.notes();
    for (TraceStep step : run.steps()) {
      for (; n < notes.size() && notes.get(n).step() < step.step(); n++) {
        add(rows, notes.get(n));
      }
      rows.add(new Row(step.step(), column(step.task()), Words.of(step)));
    }
    for (; n < notes.size(); n++) {
      add(rows, notes.get(n));
    }
    return rows;
  }

  private static void add(List<Row> rows, TraceNote note) {
    if (Words.tells(note)) {
      rows.add(new Row(note.step(), column(note.task()), Words.of(note)));
    }
  }

  /** The engine's own tasks carry its name in front. */
  static String column(String task) {
    String plain = task.startsWith("faultline-") ? task.substring("faultline-".length()) : task;
    return plain.replaceAll("#\\d+$", "");
  }

  /** Clients first, then whoever else took part, in the order of appearance. */
  static List<String> columns(RaceRun run) {
    Map<String, Boolean> columns = new LinkedHashMap<>();
    run.clients().forEach(client -> columns.put(client, true));
    rows(run).forEach(row -> columns.put(row.task(), true));
    return List.copyOf(columns.keySet());
  }

  /** The table as text; rows are numbered from 1. */
  static String text(RaceRun run) {
    List<String> columns = columns(run);
    StringBuilder head = new StringBuilder("   # ");
    columns.forEach(column -> head.append("| ").append(cell(column)));
    StringBuilder out = new StringBuilder(head.toString().stripTrailing());
    out.append('\n').append("-----");
    columns.forEach(column -> out.append("+-").append("-".repeat(WIDTH)));
    out.append('\n');
    int number = 1;
    for (Row row : rows(run)) {
      StringBuilder line = new StringBuilder("%4d ".formatted(number++));
      for (String column : columns) {
        line.append("| ").append(cell(column.equals(row.task()) ? row.text() : ""));
      }
      out.append(line.toString().stripTrailing()).append('\n');
    }
    return out.toString();
  }

  /** The number of the first row at or behind a position of the run. */
  static int numberOf(RaceRun run, long step) {
    int number = 1;
    for (Row row : rows(run)) {
      if (row.step() >= step) {
        return number;
      }
      number++;
    }
    return number;
  }

  private static String cell(String text) {
    return text.length() >= WIDTH
        ? text.substring(0, WIDTH - 1) + " "
        : text + " ".repeat(WIDTH - text.length());
  }
}
