package io.faultline.engine.runtime.sim;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The turns of a run, for those that another run is to follow and for the one that follows. Most
 * runs are neither, and then nothing is kept. Confined like its scheduler.
 */
final class TurnLog {
  private final @Nullable Follower follower;
  private final List<Turn> turns = new ArrayList<>();
  private boolean kept;
  private boolean counts;

  TurnLog(Strategy strategy) {
    follower = strategy instanceof Strategy.Follow follow ? new Follower(follow.reference()) : null;
  }

  void keep() {
    kept = true;
  }

  List<Turn> turns() {
    return List.copyOf(turns);
  }

  int followed() {
    return follower == null ? 0 : follower.followed();
  }

  Optional<Divergence> divergence() {
    return Optional.ofNullable(follower).flatMap(Follower::divergence);
  }

  /** The coming turn is no choice: nobody can follow it. */
  void skips() {
    counts = false;
  }

  /**
   * The coming turn is one of the run.
   *
   * @return whom the run has to choose if it follows another one
   */
  int begins(List<SimTask> ready, Collection<SimTask> alive, long step) {
    counts = kept || follower != null;
    // Also when there is no choice: a task that waits where the reference goes on is what it finds.
    return follower == null ? 0 : follower.choose(ready, alive, step);
  }

  /** The task has given up the processor; {@code length} is that of the trace. */
  void ended(SimTask task, long length) {
    if (!counts) {
      return;
    }
    Turn turn =
        task.atPoint
            ? new Turn(task.name, task.point, task.ino, task.arg, length - 1)
            : new Turn(task.name, null, 0, 0, length);
    if (kept) {
      turns.add(turn);
    }
    if (follower != null) {
      follower.made(turn);
    }
  }
}
