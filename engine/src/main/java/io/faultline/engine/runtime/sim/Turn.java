package io.faultline.engine.runtime.sim;

import io.faultline.engine.runtime.YieldPoint;
import org.jspecify.annotations.Nullable;

/**
 * One turn of a task while choices were on: from where it was resumed to where it gave up the
 * processor. Parking behind a wait's yield point is not a turn of its own.
 *
 * @param task name of the task; never an actor, whose turns are no choices
 * @param end the yield point that ended it; null when the task parked without one or ended
 * @param ino as at that point, 0 when there is none
 * @param arg as at that point, 0 when there is none
 * @param step its end on the axis of {@link TraceStep#step}
 */
public record Turn(String task, @Nullable YieldPoint end, long ino, long arg, long step) {
  /** Whether the other turn is of the same task and ended at the same point. */
  boolean sameAs(Turn other) {
    return task.equals(other.task) && end == other.end && ino == other.ino && arg == other.arg;
  }
}
