package io.faultline;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/**
 * Turns blocking operations into stages by running each as a task of an executor. Meant for one
 * that starts a virtual thread per task, so that any number of operations may wait at once.
 *
 * <p>The stages are the futures themselves and no minimal stages of them: those would wrap a
 * failure in a CompletionException before the first dependent sees it.
 */
final class Stages {
  /** An operation with a result. */
  interface Call<T> {
    T call() throws IOException;
  }

  /** An operation without one. */
  interface Run {
    void run() throws IOException;
  }

  private final Executor executor;

  Stages(Executor executor) {
    this.executor = executor;
  }

  CompletionStage<Void> run(Run operation) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    submit(
        done,
        () -> {
          operation.run();
          done.complete(null);
        });
    return done;
  }

  <T> CompletionStage<T> call(Call<T> operation) {
    CompletableFuture<T> done = new CompletableFuture<>();
    submit(done, () -> done.complete(operation.call()));
    return done;
  }

  private void submit(CompletableFuture<?> done, Run operation) {
    try {
      executor.execute(
          () -> {
            try {
              operation.run();
            } catch (IOException | RuntimeException | Error failure) {
              done.completeExceptionally(failure);
            }
          });
    } catch (RuntimeException refused) {
      done.completeExceptionally(refused);
    }
  }
}
