package io.faultline.engine.runtime.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Runs a scenario under every schedule with at most a given number of preemptions (CHESS): a switch
 * is a preemption only where the running task could have gone on; who goes next after a task has
 * blocked or ended is enumerated for free.
 */
public final class Explorer {
  private Explorer() {}

  /** A program to be run many times: everything it uses is created anew for each run. */
  @FunctionalInterface
  public interface Scenario {
    /**
     * Adds clients and end checks.
     *
     * @param scheduler fresh
     */
    void prepare(SimScheduler scheduler);
  }

  /**
   * What an exploration found.
   *
   * @param schedules runs made
   * @param complete whether that was all of them; false after a failure or at the limit
   * @param failure the first run that failed
   */
  public record Result(long schedules, boolean complete, Optional<SimulationFailure> failure) {}

  /**
   * Explores until a run fails, all schedules are done, or the limit is reached.
   *
   * @param preemptionsMax bound on preemptions of one run
   * @param schedulesMax bound on runs
   * @param scenario the program
   * @return what was found
   */
  public static Result explore(int preemptionsMax, long schedulesMax, Scenario scenario) {
    List<Integer> prefix = List.of();
    long runs = 0;
    while (true) {
      SimScheduler scheduler = new SimScheduler(0, new Strategy.Replay(new Schedule(prefix)));
      runs++;
      try {
        scenario.prepare(scheduler);
        scheduler.run();
      } catch (SimulationFailure found) {
        return new Result(runs, false, Optional.of(found));
      }
      List<Integer> next = nextPrefix(scheduler.choices(), preemptionsMax);
      if (next.isEmpty()) {
        return new Result(runs, true, Optional.empty());
      }
      if (runs == schedulesMax) {
        return new Result(runs, false, Optional.empty());
      }
      prefix = next;
    }
  }

  /**
   * Explores without a limit on runs.
   *
   * @param preemptionsMax bound on preemptions of one run
   * @param scenario the program
   * @return what was found
   */
  public static Result explore(int preemptionsMax, Scenario scenario) {
    return explore(preemptionsMax, Long.MAX_VALUE, scenario);
  }

  /** The next prefix in depth-first order: the deepest choice that can still be raised, raised. */
  private static List<Integer> nextPrefix(List<SimScheduler.Choice> made, int preemptionsMax) {
    int[] spentBefore = new int[made.size()];
    int spent = 0;
    for (int i = 0; i < made.size(); i++) {
      spentBefore[i] = spent;
      spent += made.get(i).cost(made.get(i).chosen());
    }
    for (int i = made.size() - 1; i >= 0; i--) {
      SimScheduler.Choice choice = made.get(i);
      int raised = choice.chosen() + 1;
      if (raised < choice.runnable() && spentBefore[i] + choice.cost(raised) <= preemptionsMax) {
        List<Integer> prefix = new ArrayList<>(i + 1);
        for (int k = 0; k < i; k++) {
          prefix.add(made.get(k).chosen());
        }
        prefix.add(raised);
        return prefix;
      }
    }
    return List.of();
  }
}
