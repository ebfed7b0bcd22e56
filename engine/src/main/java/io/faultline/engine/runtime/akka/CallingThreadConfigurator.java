package io.faultline.engine.runtime.akka;

import akka.dispatch.DispatcherPrerequisites;
import akka.dispatch.ExecutorServiceConfigurator;
import akka.dispatch.ExecutorServiceFactory;
import com.typesafe.config.Config;
import io.faultline.engine.runtime.Uninterrupted;
import java.util.ArrayDeque;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * A dispatcher whose actors run on the thread that tells them something: for a chain of actors in
 * which each only hands on to the next, and whose first is told by a thread that waits for the last
 * anyway. Every hand-over to another thread would cost that thread's wake-up, tens of microseconds
 * where it has to be fetched from an idle processor. Named in {@code faultline.conf}.
 *
 * <p>What a task makes runnable runs behind it on the same thread, not inside it. Whoever tells
 * such an actor must hold no lock that the actor may want.
 */
public final class CallingThreadConfigurator extends ExecutorServiceConfigurator {
  /**
   * Called by reflection.
   *
   * @param config of the dispatcher
   * @param prerequisites of the actor system
   */
  public CallingThreadConfigurator(Config config, DispatcherPrerequisites prerequisites) {
    super(config, prerequisites);
  }

  @Override
  public ExecutorServiceFactory createExecutorServiceFactory(String id, ThreadFactory ignored) {
    return CallingThread::new;
  }

  private static final class CallingThread extends ThreadlessExecutor {
    /** What waits for the task that this thread runs; null while it runs none. */
    private static final ThreadLocal<@Nullable ArrayDeque<Runnable>> BEHIND = new ThreadLocal<>();

    @Override
    public void execute(Runnable task) {
      ArrayDeque<Runnable> waiting = BEHIND.get();
      if (waiting != null) {
        waiting.add(task);
        return;
      }
      waiting = new ArrayDeque<>();
      BEHIND.set(waiting);
      boolean interrupted = false;
      try {
        for (Runnable next = task; next != null; next = waiting.poll()) {
          interrupted |= Uninterrupted.run(next);
        }
      } finally {
        BEHIND.remove();
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }
}
