package io.faultline.soak.race.search;

import io.faultline.soak.oracle.Violation.Kind;
import io.faultline.soak.race.RaceViolation;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Whether what a history answered can be, and what a power cut may have left. Knows nothing of the
 * engine. The oracle of the soak is no use here: it keeps changes apart whose ranges overlap, and
 * those are what is searched for, and it knows no shifts.
 */
final class Judge {
  private Judge() {}

  /** Histories that had too many orders to be judged. */
  static final class Open extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Open() {
      super("more than " + Linearizer.STATES_MAX + " states", null, false, false);
    }
  }

  /**
   * The first answer that cannot be.
   *
   * @param calls of one file, all of which have returned
   */
  static Optional<RaceViolation> judge(List<Call> calls, long ino) {
    Linearizer.Verdict all = Linearizer.explain(calls, Call.PENDING - 1);
    if (all == Linearizer.Verdict.EXPLAINED) {
      return Optional.empty();
    }
    if (all == Linearizer.Verdict.OPEN) {
      throw new Open();
    }
    List<Call> byReturn =
        calls.stream().sorted(Comparator.comparingLong(call -> call.returned)).toList();
    for (Call call : byReturn) {
      if (Linearizer.explain(calls, call.returned) == Linearizer.Verdict.IMPOSSIBLE) {
        return Optional.of(violation(calls, call, ino));
      }
    }
    return Optional.of(violation(calls, byReturn.getLast(), ino));
  }

  private static RaceViolation violation(List<Call> calls, Call call, long ino) {
    Deed deed = Deed.of(call);
    Linearizer.Gap gap = Linearizer.gap(calls, call);
    if (deed.looks()
        && gap.step() < deed.steps().size()
        && deed.steps().get(gap.step()) instanceof Deed.Look look) {
      return wrongLook(look, gap.states(), ino);
    }
    String answer =
        call.op.text() + ":" + (call.errno != null ? call.errno : Long.toString(call.result));
    return new RaceViolation(
        "wrong-answer", ino, call.op.offset(), answer, "what some order of the calls explains");
  }

  private static RaceViolation wrongLook(Deed.Look look, List<FileState> states, long ino) {
    int end = look.from() + look.seen().length;
    if (states.stream().noneMatch(state -> look.sizeFits(state.size()))) {
      Set<Integer> sizes = new TreeSet<>();
      states.forEach(state -> sizes.add(state.size() * FileState.UNIT));
      boolean tooLong = states.stream().allMatch(state -> state.size() < end);
      return new RaceViolation(
          (tooLong ? Kind.PAST_EOF : Kind.SHORT_READ).word(),
          ino,
          (long) end * FileState.UNIT,
          "end:" + end * FileState.UNIT,
          "eof:" + sizes);
    }
    int wrong = look.from();
    for (int unit = look.from(); unit < end; unit++) {
      int seen = look.seen()[unit - look.from()];
      int at = unit;
      if (states.stream().noneMatch(state -> state.at(at) == seen)) {
        wrong = unit;
        break;
      }
    }
    int seen = look.seen().length == 0 ? 0 : look.seen()[wrong - look.from()];
    return new RaceViolation(
        kind(seen),
        ino,
        (long) wrong * FileState.UNIT,
        Call.text(seen),
        Linearizer.texts(states, wrong));
  }

  private static String kind(int seen) {
    return switch (seen) {
      case Call.FOREIGN -> Kind.FOREIGN_DATA.word();
      case Call.GARBAGE -> Kind.CORRUPT.word();
      default -> Kind.STALE_READ.word();
    };
  }

  /**
   * Whether a file may be as it was found after a power cut: each unit has a value that it had at
   * some moment since the last sync that had returned was called, and the end of file lies between
   * those of that time.
   *
   * @param calls of the file
   * @param found its only look after the cut, from 0 to behind its end
   */
  static Optional<RaceViolation> afterCut(List<Call> calls, long cutAt, Call found, long ino) {
    long since =
        calls.stream()
            .filter(call -> call.op.act().syncs() && call.overBy(cutAt) && call.errno == null)
            .mapToLong(call -> call.called)
            .max()
            .orElse(0);
    Left left = new Left(found.seen);
    boolean complete =
        Linearizer.visit(
            calls,
            cutAt,
            moment -> {
              if (moment.includes(since)) {
                left.mayBe(moment.state());
              }
            });
    if (!complete) {
      throw new Open();
    }
    return left.violation(ino);
  }

  /** What a power cut left, against all that it may have left. */
  private static final class Left {
    private final int[] found;
    private final boolean[] explained;
    private final Set<FileState> states = new HashSet<>();
    private int least = Integer.MAX_VALUE;
    private int most;

    Left(int[] found) {
      this.found = found;
      this.explained = new boolean[found.length];
    }

    void mayBe(FileState state) {
      states.add(state);
      least = Math.min(least, state.size());
      most = Math.max(most, state.size());
      for (int i = 0; i < found.length; i++) {
        explained[i] |= state.at(i) == found[i];
      }
    }

    Optional<RaceViolation> violation(long ino) {
      if (found.length < least || found.length > most) {
        return Optional.of(
            new RaceViolation(
                "size-after-cut",
                ino,
                (long) found.length * FileState.UNIT,
                "size:" + found.length * FileState.UNIT,
                "size:" + least * FileState.UNIT + ".." + most * FileState.UNIT));
      }
      for (int i = 0; i < found.length; i++) {
        if (!explained[i]) {
          return Optional.of(
              new RaceViolation(
                  found[i] == Call.FOREIGN ? Kind.FOREIGN_DATA.word() : "lost-in-cut",
                  ino,
                  (long) i * FileState.UNIT,
                  Call.text(found[i]),
                  Linearizer.texts(List.copyOf(states), i)));
        }
      }
      return Optional.empty();
    }
  }
}
