package io.faultline.soak.race;

import io.faultline.engine.lock.LockRank;
import io.faultline.engine.runtime.StateChange;
import io.faultline.engine.runtime.YieldPoint;
import io.faultline.engine.runtime.sim.Divergence;
import io.faultline.engine.runtime.sim.TraceNote;
import io.faultline.engine.runtime.sim.TraceStep;
import io.faultline.engine.runtime.sim.Turn;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Why a run could not take the steps of another one, in words. */
final class Explanation {
  private final RaceRun reference;
  private final RaceRun run;
  private final Divergence at;

  private Explanation(RaceRun reference, RaceRun run, Divergence at) {
    this.reference = reference;
    this.run = run;
    this.at = at;
  }

  /**
   * One line on what kept {@code run} from the steps of {@code reference}, and one on the cure.
   * Steps are numbered as the rows of the reference's timeline, rows are those of the run's own.
   */
  static String of(RaceRun reference, RaceRun run, Scenario scenario) {
    String line =
        run.divergence()
            .map(at -> new Explanation(reference, run, at).line())
            .orElse("the same steps can be taken to their end, and do no harm");
    return line + "\nthe cure: " + scenario.cure() + "\n";
  }

  private String line() {
    Turn wanted = at.wanted();
    String who = Timeline.column(wanted.task());
    return "impossible: step %d of that schedule, \"%s: %s\", cannot be taken: %s"
        .formatted(Timeline.numberOf(reference, wanted.step()), who, aim(wanted), why(who));
  }

  /** What the turn of the reference came to. */
  private String aim(Turn wanted) {
    YieldPoint end = wanted.end();
    return end == null
        ? "goes on"
        : Words.of(new TraceStep(wanted.step(), wanted.task(), end, wanted.ino(), wanted.arg()));
  }

  private String why(String who) {
    return switch (at.kind()) {
      case WAITS -> who + " " + waitsFor(at.at());
      case ABSENT -> absent(who);
      case OTHERWISE -> who + " " + instead(at.at());
    };
  }

  private String instead(@Nullable YieldPoint point) {
    if (point == null) {
      return "has returned, or waits, before it comes there";
    }
    return "here first comes to \""
        + Words.of(new TraceStep(at.step(), "", point, at.ino(), at.arg()))
        + "\"";
  }

  private String waitsFor(@Nullable YieldPoint point) {
    if (point == YieldPoint.LOCK_WAIT) {
      return "waits for the %s of inode %d, %s"
          .formatted(Words.lock(at.arg()), at.ino(), holders(at.ino(), at.arg()));
    }
    if (point == YieldPoint.SLOT_WAIT) {
      return "waits for page %d, which is %s".formatted(at.ino(), keeper(at.ino()));
    }
    return point == null ? "waits for somebody else" : Words.of(step(point));
  }

  private TraceStep step(YieldPoint point) {
    return new TraceStep(at.step(), "", point, at.ino(), at.arg());
  }

  /** A command whose lock is not granted yet has no task: its inode's actor waits for it. */
  private String absent(String who) {
    Optional<TraceNote> drains = Optional.empty();
    for (TraceNote note : before()) {
      if (note.change() == StateChange.LOCK_DRAINING) {
        drains = Optional.of(note);
      } else if (note.change() == StateChange.LOCK_EXCLUSIVE
          && drains.filter(d -> d.ino() == note.ino() && d.arg() == note.arg()).isPresent()) {
        drains = Optional.empty();
      }
    }
    return drains
        .map(
            note ->
                "%s cannot begin before its command has the %s of inode %d exclusive; it is %s"
                    .formatted(
                        who, Words.lock(note.arg()), note.ino(), holders(note.ino(), note.arg())))
        .orElse(who + " has not begun here, or has ended already");
  }

  private List<TraceNote> before() {
    return run.notes().stream().filter(note -> note.step() <= at.step()).toList();
  }

  /** Who held a lock when the run could follow no further, and since which row. */
  private String holders(long ino, long lock) {
    Map<String, String> holds = new LinkedHashMap<>();
    for (TraceNote note : before()) {
      if (!Words.isLock(note.change()) || note.ino() != ino || note.arg() != lock) {
        continue;
      }
      String who = Timeline.column(note.task());
      String since = lock == LockRank.MAPPING.position() ? " since row " + rowOf(note) : "";
      switch (note.change()) {
        case LOCK_SHARED -> holds.put("shared by " + who, since);
        case LOCK_SHARED_RELEASED -> holds.remove("shared by " + who);
        case LOCK_EXCLUSIVE ->
            holds.put("exclusive by " + (who.equals("actor") ? "the command" : who), since);
        case LOCK_EXCLUSIVE_RELEASED -> holds.keySet().removeIf(h -> h.startsWith("exclusive"));
        default -> {
          // No hold begins or ends.
        }
      }
    }
    StringBuilder text = new StringBuilder();
    holds.forEach(
        (hold, since) -> text.append(text.isEmpty() ? "held " : ", ").append(hold).append(since));
    return text.isEmpty() ? "handed over in this moment" : text.toString();
  }

  private int rowOf(TraceNote note) {
    return Timeline.numberOf(run, note.step());
  }

  /** Who has a page: the one that set WRITEBACK last, or else somebody who has locked it. */
  private String keeper(long page) {
    TraceNote writeback = null;
    for (TraceNote note : before()) {
      if (note.arg() == page && note.change() == StateChange.PAGE_WRITEBACK) {
        writeback = note;
      } else if (note.arg() == page && note.change() == StateChange.PAGE_CLEAN) {
        writeback = null;
      }
    }
    return writeback == null
        ? "locked by another one"
        : "under writeback by %s since row %d"
            .formatted(Timeline.column(writeback.task()), rowOf(writeback));
  }
}
