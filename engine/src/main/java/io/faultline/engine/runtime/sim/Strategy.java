package io.faultline.engine.runtime.sim;

import java.util.List;

/** How {@link SimScheduler} chooses who goes next. */
public sealed interface Strategy {
  /** Every runnable task is as likely as any other, at every choice. */
  record Random() implements Strategy {}

  /**
   * Random priorities, in the manner of PCT: the runnable task of the highest priority always goes
   * on, and at {@code changes} steps chosen beforehand the running task falls to the lowest. Finds
   * bugs that need few, well-placed switches in long runs.
   *
   * @param changes number of priority changes, at least 0
   * @param expectedSteps the changes fall within this many steps, at least 1
   */
  record Priorities(int changes, int expectedSteps) implements Strategy {
    /** Checks the bounds. */
    public Priorities {
      if (changes < 0 || expectedSteps < 1) {
        throw new IllegalArgumentException(changes + " changes in " + expectedSteps + " steps");
      }
    }
  }

  /**
   * The choices of an earlier run. A choice that does not fit fails the run, since then program and
   * schedule do not belong together; after the last one no task is preempted any more.
   *
   * @param schedule what {@link SimScheduler#schedule} returned, or a prefix of it
   */
  record Replay(Schedule schedule) implements Strategy {}

  /**
   * The turns of an earlier run of a program that differs a little, for instance by a lock: at each
   * choice the task goes on that made the next turn there, until it has come to where that turn
   * ended. Where that task waits, does not exist, or does something else first, the run can follow
   * no further: {@link SimScheduler#divergence} tells where, and from there on no task is preempted
   * any more.
   *
   * @param reference what {@link SimScheduler#turns} returned
   */
  record Follow(List<Turn> reference) implements Strategy {
    /** Copies the list. */
    public Follow {
      reference = List.copyOf(reference);
    }
  }
}
