package io.faultline;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Goal: a stage returns before its operation ran and ends as the operation ended. */
class StagesTest {
  private final Deque<Runnable> tasks = new ArrayDeque<>();
  private final Stages stages = new Stages(tasks::add);

  @Test
  void nothingRunsInTheCallersThread() {
    CompletionStage<String> stage = stages.call(() -> "done");
    assertThat(stage.toCompletableFuture()).isNotDone();
    tasks.remove().run();
    assertThat(stage.toCompletableFuture()).isCompletedWithValue("done");
  }

  @Test
  void failuresArriveUnwrapped() {
    ErrnoException failure = new ErrnoException(Errno.EIO, "sync", "x");
    AtomicReference<Throwable> seen = new AtomicReference<>();
    CompletionStage<Void> stage =
        stages.run(
            () -> {
              throw failure;
            });
    stage.whenComplete((nothing, thrown) -> seen.set(thrown));
    tasks.remove().run();
    assertThat(seen.get()).isSameAs(failure);
  }

  @Test
  void aRefusedTaskFailsItsStage() {
    Stages closed =
        new Stages(
            task -> {
              throw new RejectedExecutionException("closed");
            });
    assertThat(closed.call(() -> 1).toCompletableFuture()).isCompletedExceptionally();
  }
}
