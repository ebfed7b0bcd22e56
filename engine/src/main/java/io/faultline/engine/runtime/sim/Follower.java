package io.faultline.engine.runtime.sim;

import io.faultline.engine.runtime.YieldPoint;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How {@link Strategy.Follow} chooses. Confined like its scheduler. */
final class Follower {
  private final List<TraceStep> reference;
  private int next;
  private @Nullable Divergence divergence;

  Follower(List<TraceStep> reference) {
    this.reference = reference;
  }

  Optional<Divergence> divergence() {
    return Optional.ofNullable(divergence);
  }

  /** A task has passed a point. */
  void passed(String task, YieldPoint point, long ino, long arg) {
    if (next < reference.size() && divergence == null) {
      TraceStep wanted = reference.get(next);
      if (wanted.task().equals(task)
          && wanted.point() == point
          && wanted.ino() == ino
          && wanted.arg() == arg) {
        next++;
      }
    }
  }

  /** Which of the ready tasks took the next step of the reference; 0 when none can. */
  int choose(List<SimTask> ready, Collection<SimTask> alive, long step) {
    if (next == reference.size() || divergence != null) {
      return 0;
    }
    TraceStep wanted = reference.get(next);
    for (int i = 0; i < ready.size(); i++) {
      if (ready.get(i).name.equals(wanted.task())) {
        return i;
      }
    }
    for (SimTask task : alive) {
      YieldPoint held = task.point;
      if (task.name.equals(wanted.task())
          && (held == YieldPoint.LOCK_WAIT || held == YieldPoint.SLOT_WAIT)) {
        divergence = new Divergence(next, wanted, held, task.ino, task.arg, step);
      }
    }
    return 0;
  }
}
