package io.faultline.soak;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Notices when nothing is finished any more, or when one worker is not done with its step for so
 * long that it never will be. Belongs to one thread; times are {@link System#nanoTime}.
 */
final class StuckWatch {
  private final Counts counts;
  private final Duration patience;
  private long progress = -1;
  private long progressAt;
  private List<Worker> workers = List.of();
  private long[] steps = {};
  private long[] stepsAt = {};

  StuckWatch(Counts counts, Duration patience) {
    this.counts = counts;
    this.patience = patience;
  }

  /** Looks once; says who is stuck. */
  Optional<String> look(long now, List<Worker> load) {
    if (counts.progress() != progress) {
      progress = counts.progress();
      progressAt = now;
    }
    if (now - progressAt > patience.toNanos()) {
      return Optional.of("no operation finished for " + patience);
    }
    if (!load.equals(workers)) {
      workers = load;
      steps = new long[load.size()];
      stepsAt = new long[load.size()];
      Arrays.fill(stepsAt, now);
    }
    for (int i = 0; i < steps.length; i++) {
      Worker worker = load.get(i);
      if (worker.steps() != steps[i]) {
        steps[i] = worker.steps();
        stepsAt[i] = now;
      }
      if (now - stepsAt[i] > patience.toNanos()) {
        String role = worker.getClass().getSimpleName();
        return Optional.of(role + "-" + (i + 1) + " finished nothing for " + patience);
      }
    }
    return Optional.empty();
  }
}
