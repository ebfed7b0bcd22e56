package io.faultline.engine.runtime.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Runs a scenario under every schedule with at most a given number of preemptions (CHESS): a switch
 * is a preemption only where the running task could have gone on; who goes next after a task has
 * blocked or ended is enumerated for free.
 *
 * <h2>Reduction</h2>
 *
 * Two kinds of schedules are left out, each because another one that costs no more preemptions
 * leads through the same states:
 *
 * <ul>
 *   <li>a task that has just found that it must wait parks at once ({@link
 *       SimScheduler#parkingIsNoChoice}): parking changes nothing that others see, and a wake-up
 *       before the park and one after it leave the same;
 *   <li>the running task is not preempted before a step that it declares {@linkplain
 *       io.faultline.engine.runtime.Yield#silent silent}: the same preemption behind that step, at
 *       the next yield point, meets the same shared state and the same runnable tasks.
 * </ul>
 *
 * A step that declares nothing may touch anything and conflicts with every other. Sleep sets and
 * persistent sets are not used: with a bound on preemptions they lose schedules unless backtrack
 * points are added (Coons, Musuvathi, McKinley: Bounded partial-order reduction, OOPSLA 2013), and
 * they would need the footprint of every step, reads included.
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
   * How far to go.
   *
   * @param preemptionsMax bound on preemptions of one run
   * @param schedulesMax bound on runs
   * @param reduce whether to leave out schedules that lead through the same states as others
   */
  public record Options(int preemptionsMax, long schedulesMax, boolean reduce) {}

  /**
   * What an exploration found.
   *
   * @param points yield points passed in all runs together
   * @param schedules runs made
   * @param pruned alternatives that were not tried because of the reduction
   * @param complete whether that was all of them; false after a failure or at the limit
   * @param failure the first run that failed
   */
  public record Result(
      long points,
      long schedules,
      long pruned,
      boolean complete,
      Optional<SimulationFailure> failure) {}

  /**
   * Explores until a run fails, all schedules are done, or the limit is reached.
   *
   * @param options how far
   * @param scenario the program
   * @return what was found
   */
  public static Result explore(Options options, Scenario scenario) {
    List<Integer> prefix = List.of();
    long points = 0;
    long runs = 0;
    long pruned = 0;
    while (true) {
      SimScheduler scheduler =
          new SimScheduler(0, new Strategy.Replay(new Schedule(prefix)))
              .parkingIsNoChoice(options.reduce());
      runs++;
      try {
        scenario.prepare(scheduler);
        scheduler.run();
      } catch (SimulationFailure found) {
        return new Result(points + scheduler.steps(), runs, pruned, false, Optional.of(found));
      }
      points += scheduler.steps();
      pruned += scheduler.pruned();
      Next next = next(scheduler.choices(), options);
      pruned += next.pruned();
      if (next.prefix().isEmpty()) {
        return new Result(points, runs, pruned, true, Optional.empty());
      }
      if (runs == options.schedulesMax()) {
        return new Result(points, runs, pruned, false, Optional.empty());
      }
      prefix = next.prefix();
    }
  }

  /**
   * Explores with reduction until a run fails, all schedules are done, or the limit is reached.
   *
   * @param preemptionsMax bound on preemptions of one run
   * @param schedulesMax bound on runs
   * @param scenario the program
   * @return what was found
   */
  public static Result explore(int preemptionsMax, long schedulesMax, Scenario scenario) {
    return explore(new Options(preemptionsMax, schedulesMax, true), scenario);
  }

  /**
   * Explores with reduction and without a limit on runs.
   *
   * @param preemptionsMax bound on preemptions of one run
   * @param scenario the program
   * @return what was found
   */
  public static Result explore(int preemptionsMax, Scenario scenario) {
    return explore(preemptionsMax, Long.MAX_VALUE, scenario);
  }

  private record Next(List<Integer> prefix, long pruned) {}

  /** The next prefix in depth-first order: the deepest choice that can still be raised, raised. */
  private static Next next(List<Choice> made, Options options) {
    int[] spentBefore = new int[made.size()];
    int spent = 0;
    for (int i = 0; i < made.size(); i++) {
      spentBefore[i] = spent;
      spent += made.get(i).cost(made.get(i).chosen());
    }
    long pruned = 0;
    for (int i = made.size() - 1; i >= 0; i--) {
      Choice choice = made.get(i);
      int raised = choice.chosen() + 1;
      if (raised < choice.runnable()
          && spentBefore[i] + choice.cost(raised) <= options.preemptionsMax()) {
        if (options.reduce() && choice.silent()) {
          pruned += choice.runnable() - raised;
          continue;
        }
        List<Integer> prefix = new ArrayList<>(i + 1);
        for (int k = 0; k < i; k++) {
          prefix.add(made.get(k).chosen());
        }
        prefix.add(raised);
        return new Next(prefix, pruned);
      }
    }
    return new Next(List.of(), pruned);
  }
}
