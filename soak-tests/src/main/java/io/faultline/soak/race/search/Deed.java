package io.faultline.soak.race.search;

import io.faultline.engine.errno.Errno;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one call does to its file: a row of steps, each at one moment between call and return, in
 * this order. Pages are steps of their own wherever the engine promises no more (SEMANTICS §0.3):
 * of reads, loads, stores and writes, and the partial pages at the ends of a punch.
 *
 * @param steps in order; none for what changes and sees nothing
 * @param hold what keeps the steps of other calls from coming in between
 * @param looks whether it changes nothing: then a step that fits never has a reason to wait
 * @param optional whether it had not returned when its file was last looked at: it may have done
 *     all, some or nothing
 */
record Deed(Call call, List<Step> steps, Hold hold, boolean looks, boolean optional) {
  /** The file's I/O lock, as the engine's operations hold it. */
  enum Hold {
    NONE,
    SHARED,
    /** Shared inside the end of file, exclusive across it. */
    AS_A_WRITE,
    EXCLUSIVE
  }

  /** One thing that happens at one moment. */
  @FunctionalInterface
  interface Step {
    /** The file behind it, or null when that moment does not fit what the call answered. */
    @Nullable FileState take(FileState before);
  }

  /**
   * A look at {@code [from, to)}, inside one page.
   *
   * @param seen values from {@code from} on; fewer only at the end of file
   * @param load whether it was made through a view, which reads zeros behind the end in the last
   *     page and fails where there is no page
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Look(int from, int to, int[] seen, boolean load) implements Step {
    @Override
    public @Nullable FileState take(FileState before) {
      if (!sizeFits(before.size())) {
        return null;
      }
      for (int i = 0; i < seen.length; i++) {
        if (seen[i] != before.at(from + i)) {
          return null;
        }
      }
      return before;
    }

    boolean sizeFits(int size) {
      if (load) {
        return (seen.length > 0) == (from - from % FileState.PAGE < size);
      }
      if (seen.length == to - from) {
        return size >= to;
      }
      return seen.length == 0 ? size <= from : size == from + seen.length;
    }
  }

  /** The deed of a call, with its answer. */
  static Deed of(Call call) {
    Op op = call.op;
    int from = (int) (op.offset() / FileState.UNIT);
    int length = (int) (op.length() / FileState.UNIT);
    int done = (int) (call.result / FileState.UNIT);
    int place = (int) (call.place / FileState.UNIT);
    Errno errno = call.errno;
    return switch (op.act()) {
      case READ -> look(call, from, from + length, false);
      case LOAD -> look(call, from, from + length, true);
      case WRITE ->
          new Deed(call, pieces(call.number, from, from + done), Hold.AS_A_WRITE, false, false);
      case APPEND -> append(call, place, done);
      case STORE -> store(call, from, done, length);
      case TRUNCATE -> exclusive(call, s -> s.resize(from));
      case PUNCH, ZERO_KEEP, ZERO ->
          errno == null ? zero(call, from, from + length) : nothing(call);
      case ALLOCATE ->
          errno == null
              ? exclusive(call, s -> s.resize(Math.max(s.size(), from + length)))
              : nothing(call);
      case COLLAPSE ->
          exclusive(
              call,
              s -> {
                boolean fits = from + length < s.size();
                return fits != (errno == null) ? null : fits ? s.collapse(from, from + length) : s;
              });
      case INSERT ->
          exclusive(
              call,
              s -> {
                boolean fits = from < s.size();
                return fits != (errno == null) ? null : fits ? s.insert(from, length) : s;
              });
      case SEEK_DATA, SEEK_HOLE ->
          new Deed(
              call,
              List.of(s -> seekFits(op, from, errno, done, s) ? s : null),
              Hold.SHARED,
              true,
              false);
      default -> nothing(call);
    };
  }

  /** What a call may do by the time it returns, when that has not come. */
  static Deed unfinished(Call call) {
    Op op = call.op;
    int from = (int) (op.offset() / FileState.UNIT);
    int length = (int) (op.length() / FileState.UNIT);
    return switch (op.act()) {
      case WRITE ->
          new Deed(call, pieces(call.number, from, from + length), Hold.AS_A_WRITE, false, true);
      case STORE -> {
        List<Step> steps = new ArrayList<>();
        stores(steps, call.number, from, from + length);
        yield new Deed(call, steps, Hold.NONE, false, true);
      }
      case APPEND -> {
        // Where it lands is not known; by units is more than the engine does, and no less.
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < length; i++) {
          int unit = i;
          steps.add(s -> s.write(call.number, s.size() - unit, s.size(), s.size() + 1));
        }
        yield new Deed(call, steps, Hold.EXCLUSIVE, false, true);
      }
      case TRUNCATE, PUNCH, ZERO, ZERO_KEEP, ALLOCATE, COLLAPSE, INSERT -> {
        Deed whole = of(call);
        yield new Deed(call, whole.steps, whole.hold, false, true);
      }
      default -> new Deed(call, List.of(), Hold.NONE, true, true);
    };
  }

  private static Deed nothing(Call call) {
    return new Deed(call, List.of(), Hold.NONE, true, false);
  }

  private static Deed exclusive(Call call, Step... steps) {
    return new Deed(call, List.of(steps), Hold.EXCLUSIVE, false, false);
  }

  private static int pageEnd(int unit, int to) {
    return Math.min(to, (unit / FileState.PAGE + 1) * FileState.PAGE);
  }

  private static List<Step> pieces(int number, int from, int to) {
    List<Step> steps = new ArrayList<>();
    for (int at = from; at < to; at = pageEnd(at, to)) {
      int first = at;
      steps.add(s -> s.write(number, from, first, pageEnd(first, to)));
    }
    return steps;
  }

  private static Deed append(Call call, int place, int length) {
    if (length == 0) {
      return nothing(call);
    }
    List<Step> steps = new ArrayList<>();
    steps.add(s -> s.size() == place ? s : null);
    steps.addAll(pieces(call.number, place, place + length));
    return new Deed(call, steps, Hold.EXCLUSIVE, false, false);
  }

  private static void stores(List<Step> steps, int number, int from, int to) {
    for (int at = from; at < to; at = pageEnd(at, to)) {
      int first = at;
      int end = pageEnd(at, to);
      steps.add(s -> end <= s.size() ? s.write(number, from, first, end) : null);
    }
  }

  private static Deed store(Call call, int from, int done, int length) {
    List<Step> steps = new ArrayList<>();
    stores(steps, call.number, from, from + done);
    if (call.errno == Errno.ENXIO) {
      int end = pageEnd(from + done, from + length);
      steps.add(s -> end > s.size() ? s : null);
    }
    return new Deed(call, steps, Hold.NONE, false, false);
  }

  private static Deed zero(Call call, int from, int to) {
    List<Step> steps = new ArrayList<>();
    int inner = Math.ceilDiv(from, FileState.PAGE) * FileState.PAGE;
    int outer = to / FileState.PAGE * FileState.PAGE;
    if (inner > outer) {
      steps.add(s -> s.zero(from, to));
    } else {
      if (from < inner) {
        steps.add(s -> s.zero(from, inner));
      }
      if (outer < to) {
        steps.add(s -> s.zero(outer, to));
      }
      if (inner < outer) {
        steps.add(s -> s.zero(inner, outer));
      }
    }
    if (call.op.act() == Act.ZERO) {
      steps.add(s -> s.resize(Math.max(s.size(), to)));
    }
    return new Deed(call, steps, Hold.EXCLUSIVE, false, false);
  }

  private static Deed look(Call call, int from, int to, boolean load) {
    List<Step> steps = new ArrayList<>();
    int seen = 0;
    boolean end = false;
    for (int at = from; at < to && !end; at = pageEnd(at, to)) {
      int n = Math.min(pageEnd(at, to) - at, call.seen.length - seen);
      int[] values = new int[n];
      System.arraycopy(call.seen, seen, values, 0, n);
      seen += n;
      end = n < pageEnd(at, to) - at;
      steps.add(new Look(at, pageEnd(at, to), values, load));
    }
    return new Deed(call, steps, Hold.NONE, true, false);
  }

  /** What is not zeros is data; what is zeros may be either, preallocated or written as such. */
  private static boolean seekFits(Op op, int from, @Nullable Errno errno, int found, FileState s) {
    if (errno != null) {
      return from >= s.size() || (op.act() == Act.SEEK_DATA && s.zeros(from, s.size()));
    }
    if (from >= s.size() || found < from || found > s.size()) {
      return false;
    }
    if (op.act() == Act.SEEK_DATA) {
      return found < s.size() && s.zeros(from, found);
    }
    return found == s.size() || s.zeros(found, pageEnd(found, s.size()));
  }
}
