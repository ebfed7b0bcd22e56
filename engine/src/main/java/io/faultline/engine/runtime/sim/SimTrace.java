package io.faultline.engine.runtime.sim;

import io.faultline.engine.runtime.StateChange;
import io.faultline.engine.runtime.YieldPoint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a run did, newest {@value #ENTRIES_MAX} entries: yield points passed and state changes told,
 * in one order. Kept as columns, because an exploration records millions of runs and prints one.
 * Confined like its scheduler.
 */
@SuppressWarnings("EnumOrdinal") // columns of one run, never kept
final class SimTrace {
  private static final int ENTRIES_MAX = 1 << 20;
  private static final int INITIAL = 64;
  private static final YieldPoint[] POINTS = YieldPoint.values();
  private static final StateChange[] CHANGES = StateChange.values();

  // A ring once it has grown to ENTRIES_MAX. What: a point's ordinal, or ~ a change's.
  private String[] tasks = new String[INITIAL];
  private byte[] whats = new byte[INITIAL];
  private long[] inos = new long[INITIAL];
  private long[] args = new long[INITIAL];
  private long count;

  /** Entries ever added. */
  long count() {
    return count;
  }

  void add(String task, YieldPoint point, long ino, long arg) {
    put(task, (byte) point.ordinal(), ino, arg);
  }

  void add(String task, StateChange change, long ino, long arg) {
    put(task, (byte) ~change.ordinal(), ino, arg);
  }

  private void put(String task, byte what, long ino, long arg) {
    if (count == whats.length && count < ENTRIES_MAX) {
      int size = 4 * whats.length;
      tasks = Arrays.copyOf(tasks, size);
      whats = Arrays.copyOf(whats, size);
      inos = Arrays.copyOf(inos, size);
      args = Arrays.copyOf(args, size);
    }
    int at = (int) (count++ & (whats.length - 1));
    tasks[at] = task;
    whats[at] = what;
    inos[at] = ino;
    args[at] = arg;
  }

  private long first() {
    return Math.max(0, count - whats.length);
  }

  private boolean isStep(long i) {
    return whats[index(i)] >= 0;
  }

  private int index(long i) {
    return (int) (i & (whats.length - 1));
  }

  private TraceStep step(long i) {
    int at = index(i);
    return new TraceStep(i, tasks[at], POINTS[whats[at]], inos[at], args[at]);
  }

  private TraceNote note(long i) {
    int at = index(i);
    return new TraceNote(i, tasks[at], CHANGES[~whats[at]], inos[at], args[at]);
  }

  List<TraceStep> steps() {
    List<TraceStep> steps = new ArrayList<>();
    for (long i = first(); i < count; i++) {
      if (isStep(i)) {
        steps.add(step(i));
      }
    }
    return steps;
  }

  List<TraceNote> notes() {
    List<TraceNote> notes = new ArrayList<>();
    for (long i = first(); i < count; i++) {
      if (!isStep(i)) {
        notes.add(note(i));
      }
    }
    return notes;
  }

  /** The newest {@code entriesMax} entries, one a line. */
  String text(long entriesMax) {
    StringBuilder text = new StringBuilder();
    for (long i = Math.max(first(), count - entriesMax); i < count; i++) {
      text.append(isStep(i) ? step(i) : note(i)).append('\n');
    }
    return text.toString();
  }
}
