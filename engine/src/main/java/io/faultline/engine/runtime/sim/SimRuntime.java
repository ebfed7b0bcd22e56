package io.faultline.engine.runtime.sim;

import io.faultline.engine.runtime.EngineRuntime;

/**
 * The engine's runtime inside a {@link SimScheduler}: virtual time, scheduled virtual threads. Used
 * by the scheduler's thread and its tasks only.
 */
public final class SimRuntime implements EngineRuntime {
  /** 2026-01-01T00:00:00Z: a moment no test can mistake for the host's clock. */
  private static final long WALL_START_NANOS = 1_767_225_600_000_000_000L;

  private final SimScheduler scheduler;

  /**
   * The runtime of one run.
   *
   * @param scheduler its scheduler
   */
  public SimRuntime(SimScheduler scheduler) {
    this.scheduler = scheduler;
  }

  @Override
  public long nanoTime() {
    return scheduler.nanoTime();
  }

  @Override
  public long wallNanos() {
    return WALL_START_NANOS + scheduler.nanoTime();
  }

  @Override
  public void fork(String name, Runnable body) {
    scheduler.fork(name, body);
  }

  @Override
  public void forkPlatform(String name, Runnable body) {
    scheduler.fork(name, body);
  }

  @Override
  public Timer schedule(long delayNanos, Runnable callback) {
    return scheduler.schedule(delayNanos, () -> scheduler.fork("timer", callback));
  }

  /**
   * Runs a part of a client without choice points: nobody is preempted in it, and other clients
   * stand still.
   *
   * @param body part of the calling task
   * @throws Exception what {@code body} throws
   */
  public void quietly(SimScheduler.Body body) throws Exception {
    scheduler.quiet(true);
    try {
      body.run();
    } finally {
      scheduler.quiet(false);
    }
  }

  @Override
  public boolean simulated() {
    return true;
  }
}
