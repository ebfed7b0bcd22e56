package io.faultline.engine.runtime.sim;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Strategy} at work: which of several tasks goes next. All randomness of a run is drawn
 * here, in an order that is part of what a seed means. Confined like its scheduler.
 */
final class Chooser {
  private final Strategy strategy;
  private final SplittableRandom random;
  private final Set<Long> priorityChanges = new LinkedHashSet<>();
  private long lowestPriority;

  Chooser(long seed, Strategy strategy) {
    this.strategy = strategy;
    this.random = new SplittableRandom(seed);
    if (strategy instanceof Strategy.Priorities priorities) {
      for (int i = 0; i < priorities.changes(); i++) {
        priorityChanges.add(random.nextLong(1, priorities.expectedSteps() + 1L));
      }
    }
  }

  /** The priority of a new task. */
  long priority() {
    return strategy instanceof Strategy.Priorities ? random.nextLong(1, Long.MAX_VALUE) : 0;
  }

  /** The task has to wait: everybody else goes before it. */
  void falls(SimTask task) {
    task.priority = --lowestPriority;
  }

  /**
   * Chooses.
   *
   * @param ready at least two
   * @param last who ran last
   * @param followed whom a run that follows another one has to choose
   * @param made choices made before this one
   * @param switches task switches made, this one included
   * @return an index; not within {@code ready} if a replayed schedule does not fit
   */
  int choose(List<SimTask> ready, @Nullable SimTask last, int followed, int made, long switches) {
    return switch (strategy) {
      case Strategy.Follow ignored -> followed;
      case Strategy.Random ignored -> random.nextInt(ready.size());
      case Strategy.Priorities ignored -> highestPriority(ready, last, switches);
      case Strategy.Replay replay -> {
        List<Integer> given = replay.schedule().choices();
        yield made < given.size() ? given.get(made) : 0;
      }
    };
  }

  private int highestPriority(List<SimTask> ready, @Nullable SimTask last, long switches) {
    if (last != null && priorityChanges.contains(switches)) {
      falls(last);
    }
    int best = 0;
    for (int i = 1; i < ready.size(); i++) {
      if (ready.get(i).priority > ready.get(best).priority) {
        best = i;
      }
    }
    return best;
  }
}
