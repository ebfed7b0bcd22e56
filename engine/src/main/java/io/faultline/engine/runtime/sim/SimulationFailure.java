package io.faultline.engine.runtime.sim;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * A run that failed: a task threw, all tasks wait, or something outside the scheduler's control
 * took part. The message holds what is needed to run it again.
 */
public final class SimulationFailure extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /** The seed of the run. */
  private final long seed;

  /** The schedule as text. */
  private final String schedule;

  SimulationFailure(
      String reason, @Nullable Throwable cause, long seed, String schedule, String traceTail) {
    super(reason + "\nseed=" + seed + " schedule: " + schedule + "\n" + traceTail, cause);
    this.seed = seed;
    this.schedule = schedule;
  }

  /**
   * The seed that, with the same strategy, fails again.
   *
   * @return as given to the scheduler
   */
  public long seed() {
    return seed;
  }

  /**
   * The choices up to the failure; replaying them fails again.
   *
   * @return the schedule
   */
  public Schedule schedule() {
    return Schedule.parse(schedule);
  }
}
