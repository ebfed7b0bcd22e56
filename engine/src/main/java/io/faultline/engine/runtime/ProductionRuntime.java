package io.faultline.engine.runtime;

import java.time.Instant;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The JVM's own clock and threads. One timer thread, created by the first timer, a daemon. */
final class ProductionRuntime implements EngineRuntime {
  static final ProductionRuntime INSTANCE = new ProductionRuntime();

  private final ScheduledThreadPoolExecutor timers;

  private ProductionRuntime() {
    timers =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("faultline-timer").factory());
    // A cancelled commit timer must not keep its volume reachable until it would have fired.
    timers.setRemoveOnCancelPolicy(true);
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public long wallNanos() {
    Instant now = Instant.now();
    return Math.addExact(
        Math.multiplyExact(now.getEpochSecond(), 1_000_000_000L), (long) now.getNano());
  }

  @Override
  public void fork(String name, Runnable body) {
    Thread.ofVirtual().name(name).start(body);
  }

  @Override
  public void forkPlatform(String name, Runnable body) {
    Thread.ofPlatform().daemon().name(name).start(body);
  }

  @Override
  public Timer schedule(long delayNanos, Runnable callback) {
    Future<?> pending =
        timers.schedule(
            () -> runReporting(callback), Math.max(0, delayNanos), TimeUnit.NANOSECONDS);
    return () -> pending.cancel(false);
  }

  @Override
  public boolean simulated() {
    return false;
  }

  /** The executor would keep the exception in a future nobody reads. */
  private static void runReporting(Runnable callback) {
    try {
      callback.run();
    } catch (Throwable failure) {
      Thread current = Thread.currentThread();
      current.getUncaughtExceptionHandler().uncaughtException(current, failure);
    }
  }
}
