package io.faultline.soak.race.search;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Looks for an order of the steps of all calls on one file that explains every answer: a step lies
 * between its call and its return, and no step of a call that holds the file exclusive has another
 * holder's step in the midst of its row (Wing and Gong, with states that were met before left out).
 * Files are independent: who explains each one explains all. Confined to one thread; for one
 * question.
 */
final class Linearizer {
  /** Enough for every history that the generator makes; beyond it the question stays open. */
  static final int STATES_MAX = 200_000;

  /** What a search came to. */
  enum Verdict {
    EXPLAINED,
    IMPOSSIBLE,
    /** More than {@link #STATES_MAX} states. */
    OPEN
  }

  private final List<Deed> deeds;
  private final @Nullable Consumer<Moment> visitor;
  private final Set<ByteBuffer> met = new HashSet<>();
  private boolean overflow;

  /** The look that explains least, and what it could have seen. */
  private final @Nullable Call suspect;

  private int suspectStep = -1;
  private final List<FileState> suspectStates = new ArrayList<>();

  /** One moment of one order; never compared. */
  @SuppressWarnings("ArrayRecordComponent")
  record Moment(FileState state, int[] progress, List<Deed> deeds) {
    /** Whether all calls that had returned before {@code moment} are over. */
    boolean includes(long moment) {
      for (int i = 0; i < progress.length; i++) {
        Deed deed = deeds.get(i);
        if (deed.call().returned < moment && progress[i] < deed.steps().size()) {
          return false;
        }
      }
      return true;
    }
  }

  private Linearizer(List<Deed> deeds, @Nullable Consumer<Moment> visitor, @Nullable Call suspect) {
    this.deeds = deeds;
    this.visitor = visitor;
    this.suspect = suspect;
  }

  /** The deeds of the calls made before {@code moment}; what had not returned may be undone. */
  private static List<Deed> until(List<Call> calls, long moment) {
    return calls.stream()
        .filter(call -> call.called <= moment)
        .map(call -> call.overBy(moment) ? Deed.of(call) : Deed.unfinished(call))
        .toList();
  }

  /** Whether everything answered up to {@code moment} can be explained. */
  static Verdict explain(List<Call> calls, long moment) {
    return new Linearizer(until(calls, moment), null, null).run();
  }

  /**
   * Shows every moment up to {@code moment} of every order that explains what came before it.
   *
   * @return false if there were too many
   */
  static boolean visit(List<Call> calls, long moment, Consumer<Moment> visitor) {
    return new Linearizer(until(calls, moment), visitor, null).run() != Verdict.OPEN;
  }

  /** What the step of {@code suspect} that nothing explains could have met. */
  record Gap(int step, List<FileState> states) {}

  static Gap gap(List<Call> calls, Call suspect) {
    Linearizer search = new Linearizer(until(calls, suspect.returned), null, suspect);
    search.run();
    return new Gap(Math.max(0, search.suspectStep), search.suspectStates);
  }

  private Verdict run() {
    boolean found = search(FileState.EMPTY, new int[deeds.size()]);
    return found ? Verdict.EXPLAINED : overflow ? Verdict.OPEN : Verdict.IMPOSSIBLE;
  }

  /** Depth first; the depth is the number of steps, a few hundred at most. */
  private boolean search(FileState state, int[] progress) {
    if (met.size() >= STATES_MAX) {
      overflow = true;
      return false;
    }
    int[] now = progress.clone();
    look(state, now);
    if (!met.add(key(state, now))) {
      return false;
    }
    if (visitor != null) {
      visitor.accept(new Moment(state, now, deeds));
    } else if (done(now)) {
      return true;
    }
    for (int i = 0; i < now.length; i++) {
      Deed deed = deeds.get(i);
      if (deed.looks() || now[i] == deed.steps().size() || !mayBegin(i, now, state)) {
        continue;
      }
      FileState next = deed.steps().get(now[i]).take(state);
      if (next != null) {
        now[i]++;
        if (search(next, now)) {
          return true;
        }
        now[i]--;
      }
    }
    return false;
  }

  /** Takes every look that fits: it changes nothing, and waiting would allow it no more. */
  private void look(FileState state, int[] progress) {
    boolean moved = true;
    while (moved) {
      moved = false;
      for (int i = 0; i < progress.length; i++) {
        Deed deed = deeds.get(i);
        while (deed.looks() && progress[i] < deed.steps().size() && mayBegin(i, progress, state)) {
          if (deed.steps().get(progress[i]).take(state) == null) {
            unexplained(deed, progress[i], state);
            break;
          }
          progress[i]++;
          moved = true;
        }
      }
    }
  }

  private void unexplained(Deed deed, int step, FileState state) {
    if (deed.call() != suspect || step < suspectStep) {
      return;
    }
    if (step > suspectStep) {
      suspectStep = step;
      suspectStates.clear();
    }
    suspectStates.add(state);
  }

  private boolean done(int[] progress) {
    for (int i = 0; i < progress.length; i++) {
      Deed deed = deeds.get(i);
      if (!deed.optional() && progress[i] < deed.steps().size()) {
        return false;
      }
    }
    return true;
  }

  private boolean mayBegin(int which, int[] progress, FileState state) {
    if (progress[which] > 0) {
      return true;
    }
    Deed deed = deeds.get(which);
    for (int i = 0; i < progress.length; i++) {
      Deed other = deeds.get(i);
      boolean over = progress[i] == other.steps().size();
      if (!over && other.call().returned < deed.call().called) {
        return false;
      }
      boolean inTheMidst = !over && progress[i] > 0;
      if (inTheMidst && excludes(deed, state, other)) {
        return false;
      }
    }
    return true;
  }

  private static boolean excludes(Deed deed, FileState state, Deed underWay) {
    if (underWay.hold() == Deed.Hold.NONE) {
      return false;
    }
    return switch (deed.hold()) {
      case NONE -> false;
      case SHARED -> underWay.hold() == Deed.Hold.EXCLUSIVE;
      case AS_A_WRITE ->
          underWay.hold() == Deed.Hold.EXCLUSIVE
              || deed.call().op.end() > (long) state.size() * FileState.UNIT;
      case EXCLUSIVE -> true;
    };
  }

  private static ByteBuffer key(FileState state, int[] progress) {
    int[] units = state.units();
    ByteBuffer key = ByteBuffer.allocate(progress.length + Integer.BYTES * units.length);
    for (int p : progress) {
      key.put((byte) p);
    }
    key.asIntBuffer().put(units);
    return key.rewind();
  }

  /** Values for people, each once. */
  static String texts(List<FileState> states, int unit) {
    Set<String> texts = new TreeSet<>();
    for (FileState state : states) {
      texts.add(unit < state.size() ? FileState.text(state.at(unit)) : "end");
    }
    return texts.isEmpty() ? "nothing" : String.join("|", texts);
  }
}
