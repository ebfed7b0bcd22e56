package io.faultline.engine.runtime.sim;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Where the actor system's tasks wait. One for the JVM, because one ActorSystem serves many
 * schedules: while a {@link SimScheduler} runs it drains the lane after every step, first in, first
 * out, until nothing is left; between runs the booting or stopping code pumps it.
 */
public final class AkkaLane {
  private static final ConcurrentLinkedQueue<Runnable> TASKS = new ConcurrentLinkedQueue<>();

  private AkkaLane() {}

  /**
   * What the simulated dispatchers execute on.
   *
   * @return only queues
   */
  public static Executor executor() {
    return task -> {
      SimScheduler scheduler = SimScheduler.current();
      if (scheduler == null || scheduler.admits(task)) {
        TASKS.add(task);
      }
    };
  }

  /**
   * Runs queued tasks, and those they queue, until none is left.
   *
   * @param tasksMax stops after so many, since actors may keep each other busy for ever
   * @return how many ran
   */
  public static long pump(long tasksMax) {
    long ran = 0;
    while (ran < tasksMax) {
      @Nullable Runnable task = TASKS.poll();
      if (task == null) {
        break;
      }
      task.run();
      ran++;
    }
    return ran;
  }
}
