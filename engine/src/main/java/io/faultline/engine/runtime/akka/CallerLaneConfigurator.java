package io.faultline.engine.runtime.akka;

import akka.dispatch.DispatcherPrerequisites;
import akka.dispatch.ExecutorServiceConfigurator;
import akka.dispatch.ExecutorServiceFactory;
import com.typesafe.config.Config;
import io.faultline.engine.runtime.CallerLane;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/**
 * A dispatcher whose actors take their turns on the lane of the thread that tells them something,
 * where it has one, and on virtual threads otherwise. Named in {@code faultline.conf}.
 */
public final class CallerLaneConfigurator extends ExecutorServiceConfigurator {
  /**
   * Called by reflection.
   *
   * @param config of the dispatcher
   * @param prerequisites of the actor system
   */
  public CallerLaneConfigurator(Config config, DispatcherPrerequisites prerequisites) {
    super(config, prerequisites);
  }

  @Override
  public ExecutorServiceFactory createExecutorServiceFactory(String id, ThreadFactory ignored) {
    ThreadFactory threads = Thread.ofVirtual().name(id + "-", 0).factory();
    return () -> new Lanes(Executors.newThreadPerTaskExecutor(threads));
  }

  private static final class Lanes extends AbstractExecutorService {
    private final ExecutorService others;

    Lanes(ExecutorService others) {
      this.others = others;
    }

    @Override
    public void execute(Runnable task) {
      CallerLane lane = CallerLane.current();
      if (lane != null) {
        lane.turn(task);
      } else {
        others.execute(task);
      }
    }

    @Override
    public void shutdown() {
      others.shutdown();
    }

    @Override
    public List<Runnable> shutdownNow() {
      return others.shutdownNow();
    }

    @Override
    public boolean isShutdown() {
      return others.isShutdown();
    }

    @Override
    public boolean isTerminated() {
      return others.isTerminated();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
      return others.awaitTermination(timeout, unit);
    }
  }
}
