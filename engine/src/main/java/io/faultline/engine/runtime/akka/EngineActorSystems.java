package io.faultline.engine.runtime.akka;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigResolveOptions;
import io.faultline.engine.runtime.EngineFailure;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.sim.AkkaLane;
import io.faultline.engine.runtime.sim.SimScheduler;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.LockSupport;

/**
 * The one way the engine makes actor systems: configured by {@code faultline.conf} over the
 * reference.conf of the libraries and by nothing else, so that a host application's
 * application.conf or {@code -Dakka...} cannot reach into a filesystem, nor the filesystem's into
 * the application (R25).
 */
public final class EngineActorSystems {
  private static final String RESOURCE = "faultline.conf";
  private static final String SIMULATION = "faultline.simulation";
  private static final long PUMP_TASKS = 1_000;
  private static final long PUMP_IDLE_NANOS = 100_000;

  private EngineActorSystems() {}

  /**
   * The complete configuration, with the simulation's section laid over it when this JVM simulates.
   *
   * @param overrides laid over everything, for example the journal's directory; may be empty
   * @return resolved
   */
  public static Config config(Config overrides) {
    ClassLoader loader = EngineActorSystems.class.getClassLoader();
    Config ours =
        ConfigFactory.parseResources(
            loader, RESOURCE, ConfigParseOptions.defaults().setAllowMissing(false));
    // noSystem: a ${?VARIABLE} in a library's reference.conf must not see this process either.
    Config resolved =
        overrides
            .withFallback(ours)
            .withFallback(ConfigFactory.defaultReferenceUnresolved(loader))
            .resolve(ConfigResolveOptions.noSystem());
    return Yield.SIMULATION
        ? overrides.withFallback(resolved.getConfig(SIMULATION)).withFallback(resolved).resolve()
        : resolved;
  }

  /**
   * Starts an actor system.
   *
   * @param name of the system
   * @param guardian its first actor
   * @param <T> what the guardian understands
   * @return running; in simulation, served by each {@link SimScheduler} in turn
   */
  public static <T> ActorSystem<T> create(String name, Behavior<T> guardian) {
    return create(name, guardian, ConfigFactory.empty());
  }

  /**
   * Starts an actor system with overrides.
   *
   * @param name of the system
   * @param guardian its first actor
   * @param overrides laid over {@code faultline.conf}
   * @param <T> what the guardian understands
   * @return running; in simulation, served by each {@link SimScheduler} in turn
   */
  public static <T> ActorSystem<T> create(String name, Behavior<T> guardian, Config overrides) {
    Config config = config(overrides);
    if (!Yield.SIMULATION) {
      return ActorSystem.create(guardian, name, config);
    }
    // The start blocks on answers of actors that only this thread can run.
    CompletableFuture<ActorSystem<T>> started = new CompletableFuture<>();
    Thread boot =
        Thread.ofPlatform()
            .daemon()
            .name(name + "-boot")
            .start(
                () -> {
                  try {
                    started.complete(ActorSystem.create(guardian, name, config));
                  } catch (RuntimeException | Error refused) {
                    started.completeExceptionally(refused);
                  }
                });
    try {
      ActorSystem<T> system = pumpUntil(started);
      boot.join();
      AkkaLane.pump(Long.MAX_VALUE);
      return system;
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new EngineFailure("interrupted while the simulated actor system starts", interrupted);
    }
  }

  /**
   * Stops an actor system and waits until it has ended.
   *
   * @param system made by {@link #create}
   */
  public static void terminate(ActorSystem<?> system) {
    system.terminate();
    CompletionStage<?> ended = system.getWhenTerminated();
    if (Yield.SIMULATION) {
      pumpUntil(ended.toCompletableFuture());
    } else {
      ended.toCompletableFuture().join();
    }
  }

  /** Runs actor tasks, outside any run, until the future has completed. */
  private static <T> T pumpUntil(CompletableFuture<T> future) {
    if (SimScheduler.current() != null) {
      throw new IllegalStateException("an actor system starts and stops between runs");
    }
    while (!future.isDone()) {
      if (AkkaLane.pump(PUMP_TASKS) == 0) {
        LockSupport.parkNanos(PUMP_IDLE_NANOS);
      }
    }
    try {
      return future.join();
    } catch (CompletionException failed) {
      throw new EngineFailure("the simulated actor system failed", failed);
    }
  }
}
