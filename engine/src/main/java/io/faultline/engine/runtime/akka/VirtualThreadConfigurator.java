package io.faultline.engine.runtime.akka;

import akka.dispatch.DispatcherPrerequisites;
import akka.dispatch.ExecutorServiceConfigurator;
import akka.dispatch.ExecutorServiceFactory;
import com.typesafe.config.Config;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;

/**
 * A dispatcher of virtual threads: the cheapest hand-off between an actor and a caller that waits
 * for it, and the version of the library used here brings none of its own. Named in {@code
 * faultline.conf}.
 */
public final class VirtualThreadConfigurator extends ExecutorServiceConfigurator {
  /**
   * Called by reflection.
   *
   * @param config of the dispatcher
   * @param prerequisites of the actor system
   */
  public VirtualThreadConfigurator(Config config, DispatcherPrerequisites prerequisites) {
    super(config, prerequisites);
  }

  @Override
  public ExecutorServiceFactory createExecutorServiceFactory(String id, ThreadFactory ignored) {
    ThreadFactory threads = Thread.ofVirtual().name(id + "-", 0).factory();
    return () -> Executors.newThreadPerTaskExecutor(threads);
  }
}
