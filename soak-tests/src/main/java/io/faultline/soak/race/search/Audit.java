package io.faultline.soak.race.search;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What a search has really done: how often each kind of operation ran, and how often while a
 * destroyer of an overlapping range of the same file was under way. A zero is a blind spot.
 */
final class Audit {
  private static final class Row {
    private long made;
    private final Map<Act, Long> beside = new EnumMap<>(Act.class);
  }

  private static final List<Act> DESTROYERS =
      List.of(Act.TRUNCATE, Act.PUNCH, Act.ZERO, Act.ZERO_KEEP, Act.COLLAPSE, Act.INSERT);

  private final Map<Act, Row> rows = new EnumMap<>(Act.class);

  Audit() {
    for (Act act : Act.values()) {
      rows.put(act, new Row());
    }
  }

  private Row row(Act act) {
    return Objects.requireNonNull(rows.get(act));
  }

  /** Counts the calls that clients made in one run. */
  void add(List<Call> calls) {
    for (Call call : calls) {
      if (call.op.client() == Op.SETUP || call.op.client() == History.LOOKER) {
        continue;
      }
      Row row = row(call.op.act());
      row.made++;
      for (Act destroyer : DESTROYERS) {
        if (calls.stream().anyMatch(d -> d.op.act() == destroyer && met(call, d))) {
          row.beside.merge(destroyer, 1L, Long::sum);
        }
      }
    }
  }

  private static boolean met(Call call, Call destroyer) {
    Op a = call.op;
    Op b = destroyer.op;
    return call != destroyer
        && b.client() != Op.SETUP
        && call.called < destroyer.returned
        && destroyer.called < call.returned
        && (!a.act().takesFile() || a.file() == b.file())
        && (!a.act().takesOffset() || (a.offset() < b.end() && b.offset() < end(a)));
  }

  /** A look for data has no length of its own. */
  private static long end(Op op) {
    return op.act().takesLength() ? op.end() : Long.MAX_VALUE;
  }

  long made(Act act) {
    return row(act).made;
  }

  long beside(Act act, Act destroyer) {
    return row(act).beside.getOrDefault(destroyer, 0L);
  }

  /** One line a kind. */
  String text() {
    StringBuilder text = new StringBuilder("%-14s %9s  beside".formatted("operation", "made"));
    DESTROYERS.forEach(act -> text.append("%10s".formatted(act.word())));
    text.append('\n');
    for (Act act : Act.values()) {
      text.append("%-14s %9d        ".formatted(act.word(), made(act)));
      DESTROYERS.forEach(d -> text.append("%10d".formatted(beside(act, d))));
      text.append('\n');
    }
    return text.toString();
  }
}
