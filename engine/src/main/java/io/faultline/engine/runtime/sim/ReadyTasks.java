package io.faultline.engine.runtime.sim;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The tasks that can run, in the order in which they became able to, and the choices made among
 * them. Confined like its scheduler.
 */
final class ReadyTasks {
  private final Chooser chooser;
  private final TurnLog turns;
  private final RunFailure failures;
  private final List<SimTask> ready = new ArrayList<>();
  private final List<Choice> choices = new ArrayList<>();
  private boolean parkingIsNoChoice = true;
  private long pruned;
  private boolean quiet;
  private @Nullable SimTask speaker;

  ReadyTasks(Chooser chooser, TurnLog turns, RunFailure failures) {
    this.chooser = chooser;
    this.turns = turns;
    this.failures = failures;
  }

  void add(SimTask task) {
    ready.add(task);
  }

  boolean isEmpty() {
    return ready.isEmpty();
  }

  /** Removes the one that has been ready longest, without a choice. */
  SimTask removeFirst() {
    return ready.removeFirst();
  }

  void parkingIsNoChoice(boolean on) {
    parkingIsNoChoice = on;
  }

  /** Switches choices off while {@code who} has the word, on again with null. */
  void quiet(boolean on, @Nullable SimTask who) {
    quiet = on;
    speaker = on ? who : null;
  }

  /** Alternatives left out because a task that must wait parks at once. */
  long pruned() {
    return pruned;
  }

  /** The choices made, in order; grows. */
  List<Choice> choices() {
    return choices;
  }

  /** The step that followed choice {@code index} was silent. */
  void silent(int index) {
    choices.set(index, choices.get(index).silently());
  }

  /**
   * Removes and returns the task that goes next.
   *
   * @param last who ran last
   * @param alive all tasks
   * @param step length of the trace
   * @param switches task switches made, this one included
   */
  SimTask next(@Nullable SimTask last, Collection<SimTask> alive, long step, long switches) {
    turns.skips();
    if (parkingIsNoChoice && last != null && last.aboutToPark && ready.remove(last)) {
      // Nobody has run since it looked whether it has to wait: parking is all it can do, and does
      // not change what anybody sees. Waking it before or after that is the same.
      last.aboutToPark = false;
      pruned += ready.size();
      return last;
    }
    boolean preemptible = last != null && last.preempted && ready.remove(last);
    if (preemptible && last != null) {
      ready.addFirst(last);
    }
    if (quiet) {
      return quietly(last);
    }
    int followed = turns.begins(ready, alive, step);
    int count = ready.size();
    if (count == 1) {
      return ready.removeFirst();
    }
    int chosen = chooser.choose(ready, last, followed, choices.size(), switches);
    if (chosen >= count) {
      String misfit =
          "choice " + chosen + " of " + count + " tasks: not a schedule of this program";
      failures.fail(misfit, new Schedule.MisfitException(misfit));
      chosen = 0;
    }
    choices.add(new Choice(count, chosen, preemptible, false));
    SimTask next = ready.remove(chosen);
    next.choiceAtResume = choices.size() - 1;
    return next;
  }

  /**
   * The clients that were preempted stay where they are while another one has the word, as long as
   * anybody else can run.
   */
  private SimTask quietly(@Nullable SimTask last) {
    for (int i = 0; i < ready.size(); i++) {
      SimTask task = ready.get(i);
      if (!task.client || task == last || task == speaker) {
        return ready.remove(i);
      }
    }
    return ready.removeFirst();
  }
}
