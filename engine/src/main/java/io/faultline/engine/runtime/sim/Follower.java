package io.faultline.engine.runtime.sim;

import io.faultline.engine.runtime.YieldPoint;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How {@link Strategy.Follow} chooses. Confined like its scheduler. */
final class Follower {
  private final List<Turn> reference;
  private int next;
  private @Nullable Divergence divergence;

  Follower(List<Turn> reference) {
    this.reference = reference;
  }

  Optional<Divergence> divergence() {
    return Optional.ofNullable(divergence);
  }

  /** Turns of the reference that were taken. */
  int followed() {
    return next;
  }

  private boolean over() {
    return next == reference.size() || divergence != null;
  }

  /** Which of the ready tasks took the next turn of the reference; 0 when none can. */
  int choose(List<SimTask> ready, Collection<SimTask> alive, long step) {
    if (over()) {
      return 0;
    }
    Turn wanted = reference.get(next);
    for (int i = 0; i < ready.size(); i++) {
      if (ready.get(i).name.equals(wanted.task())) {
        return i;
      }
    }
    for (SimTask task : alive) {
      if (task.name.equals(wanted.task())) {
        // It is not ready, so that it has parked; its last point tells for what if that is a wait.
        YieldPoint at = task.point;
        boolean waits = at != null && at.waiting();
        divergence =
            new Divergence(
                wanted, Divergence.Kind.WAITS, waits ? at : null, task.ino, task.arg, step);
        return 0;
      }
    }
    divergence = new Divergence(wanted, Divergence.Kind.ABSENT, null, 0, 0, step);
    return 0;
  }

  /**
   * A chosen task has made a turn. Turns which the reference does not have at all are let pass: the
   * program that follows may take a lock more. A wait is none of them, since somebody else would
   * have to run where the reference goes on.
   */
  void made(Turn turn) {
    if (over() || !reference.get(next).task().equals(turn.task())) {
      return;
    }
    Turn wanted = reference.get(next);
    if (turn.sameAs(wanted)) {
      next++;
      return;
    }
    YieldPoint end = turn.end();
    boolean waits = end != null && end.waiting();
    if (end == null || waits || comesLater(turn)) {
      Divergence.Kind kind = waits ? Divergence.Kind.WAITS : Divergence.Kind.OTHERWISE;
      divergence = new Divergence(wanted, kind, end, turn.ino(), turn.arg(), turn.step());
    }
  }

  private boolean comesLater(Turn turn) {
    return reference.subList(next, reference.size()).stream().anyMatch(turn::sameAs);
  }
}
