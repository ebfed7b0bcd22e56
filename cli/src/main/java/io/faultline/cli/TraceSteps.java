package io.faultline.cli;

import io.faultline.engine.runtime.EngineTrace;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * The steps of a trace file ({@link EngineTrace}), in order, each with a place between the
 * transaction it saw and the next one.
 */
final class TraceSteps {
  private static final int FIELDS = 7;

  private final Path file;

  /** Steps that saw each transaction. */
  private final Map<Long, Integer> counts = new HashMap<>();

  private TraceSteps(Path file) {
    this.file = file;
  }

  /** One step. */
  record Step(long timeNanos, long lsn, long thread, String what, long ino, long arg, String name) {
    /** What it says besides its kind, inode and time. */
    String text() {
      return "thread=" + thread + " arg=" + arg + (name.equals("-") ? "" : " " + name);
    }
  }

  /** Takes a step and its place, at least {@code lsn} and less than {@code lsn + 1}. */
  interface Taker {
    void take(Step step, double place) throws IOException;
  }

  /**
   * Looks through a file.
   *
   * @throws IOException it cannot be read, or a line of it is none of a trace
   */
  static TraceSteps of(Path file) throws IOException {
    TraceSteps steps = new TraceSteps(file);
    steps.each((step, lsn) -> steps.counts.merge(lsn, 1, Integer::sum));
    return steps;
  }

  private interface Line {
    void at(Step step, long lsn) throws IOException;
  }

  /** Hands over the steps that saw a transaction of {@code [from, to]}. */
  void between(long from, long to, Taker taker) throws IOException {
    Map<Long, Integer> taken = new HashMap<>();
    each(
        (step, lsn) -> {
          int before = taken.merge(lsn, 1, Integer::sum) - 1;
          if (lsn >= from && lsn <= to) {
            taker.take(step, lsn + 0.9 * before / counts.getOrDefault(lsn, 1));
          }
        });
  }

  private void each(Line line) throws IOException {
    long newest = 0;
    long number = 1;
    try (BufferedReader in = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      if (!EngineTrace.HEADING.equals(in.readLine())) {
        throw new IOException(file + " is no trace: its first line is not the heading of one");
      }
      for (String text = in.readLine(); text != null; text = in.readLine()) {
        Step step = parsed(text, ++number);
        // A step that was overtaken on its way into the stream saw an older transaction.
        newest = Math.max(newest, step.lsn());
        line.at(step, newest);
      }
    }
  }

  private Step parsed(String text, long number) throws IOException {
    String[] fields = text.split(" ", -1);
    try {
      if (fields.length == FIELDS) {
        return new Step(
            Long.parseLong(fields[0]),
            Long.parseLong(fields[1]),
            Long.parseLong(fields[2]),
            fields[3],
            Long.parseLong(fields[4]),
            Long.parseLong(fields[5]),
            fields[6]);
      }
    } catch (NumberFormatException wrong) {
      throw new IOException(file + " line " + number + " is no step of a trace: " + text, wrong);
    }
    throw new IOException(file + " line " + number + " is no step of a trace: " + text);
  }
}
