package io.faultline.engine.runtime.akka;

import akka.dispatch.DispatcherPrerequisites;
import akka.dispatch.ExecutorServiceConfigurator;
import akka.dispatch.ExecutorServiceFactory;
import com.typesafe.config.Config;
import io.faultline.engine.runtime.sim.AkkaLane;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/** A dispatcher whose tasks run on the current simulation's thread, through {@link AkkaLane}. */
public final class SimDispatcherConfigurator extends ExecutorServiceConfigurator {
  /**
   * Called by reflection.
   *
   * @param config of the dispatcher
   * @param prerequisites of the actor system
   */
  public SimDispatcherConfigurator(Config config, DispatcherPrerequisites prerequisites) {
    super(config, prerequisites);
  }

  @Override
  public ExecutorServiceFactory createExecutorServiceFactory(String id, ThreadFactory ignored) {
    return Lane::new;
  }

  /** Owns no thread, so stopping it means only to refuse further work. */
  private static final class Lane extends AbstractExecutorService {
    private final Executor lane = AkkaLane.executor();
    private volatile boolean shutdown;

    @Override
    public void execute(Runnable task) {
      lane.execute(task);
    }

    @Override
    public void shutdown() {
      shutdown = true;
    }

    @Override
    public List<Runnable> shutdownNow() {
      shutdown = true;
      return List.of();
    }

    @Override
    public boolean isShutdown() {
      return shutdown;
    }

    @Override
    public boolean isTerminated() {
      return shutdown;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
      return shutdown;
    }
  }
}
