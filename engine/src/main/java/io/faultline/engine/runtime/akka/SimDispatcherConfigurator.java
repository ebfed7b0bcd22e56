package io.faultline.engine.runtime.akka;

import akka.dispatch.DispatcherPrerequisites;
import akka.dispatch.ExecutorServiceConfigurator;
import akka.dispatch.ExecutorServiceFactory;
import com.typesafe.config.Config;
import io.faultline.engine.runtime.sim.AkkaLane;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;

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

  private static final class Lane extends ThreadlessExecutor {
    private final Executor lane = AkkaLane.executor();

    @Override
    public void execute(Runnable task) {
      lane.execute(task);
    }
  }
}
