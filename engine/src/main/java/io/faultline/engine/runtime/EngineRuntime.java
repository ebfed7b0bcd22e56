package io.faultline.engine.runtime;

import java.util.UUID;

/**
 * Clock, threads and timers of the engine: the only door through which any of them enters it.
 *
 * <p>There are two implementations. {@link #production()} is the JVM's own clock and threads; the
 * simulated one ({@code runtime.sim.SimRuntime}) runs exactly one task at a time in an order chosen
 * from a seed, with virtual time. Code that uses only this interface, {@link Yield}, and blocking
 * primitives built on {@code LockSupport.park} without a timeout behaves the same under both.
 *
 * <p>All methods are safe for use by several threads.
 */
public interface EngineRuntime {

  /**
   * Monotonic time in nanoseconds with an arbitrary origin; only differences mean anything.
   *
   * @return nanoseconds since an unspecified moment, never decreasing
   */
  long nanoTime();

  /**
   * Wall-clock time for time stamps in events.
   *
   * @return nanoseconds since 1970-01-01T00:00:00Z; may step backwards when the host's clock does
   */
  long wallNanos();

  /** An id that no other volume has. Random: a simulated volume brings its own. */
  static UUID newVolumeId() {
    return UUID.randomUUID();
  }

  /**
   * Starts a body that may block but makes no native call (DESIGN R12: those pin carriers). A
   * virtual thread in production.
   *
   * @param name the thread's name, for diagnostics and for the trace of a simulation
   * @param body runs once; what it throws goes to the uncaught exception handler, in simulation it
   *     fails the run
   */
  void fork(String name, Runnable body);

  /**
   * Starts a body that may block in native calls, such as the committer or the flusher. A daemon
   * platform thread in production, a scheduled virtual thread in simulation.
   *
   * @param name the thread's name
   * @param body as for {@link #fork}
   */
  void forkPlatform(String name, Runnable body);

  /**
   * Calls {@code callback} once, after at least {@code delayNanos}.
   *
   * @param delayNanos delay in nanoseconds; zero or less means as soon as possible, still on
   *     another thread
   * @param callback must not block: it shares its thread with every other timer
   * @return cancels the call while it has not begun
   */
  Timer schedule(long delayNanos, Runnable callback);

  /**
   * Whether tasks run under the seeded scheduler.
   *
   * @return true in simulation
   */
  boolean simulated();

  /**
   * The runtime of ordinary JVMs. Its threads are daemons and it installs no shutdown hook (R24).
   *
   * @return the same instance at every call
   */
  static EngineRuntime production() {
    return ProductionRuntime.INSTANCE;
  }

  /** A pending call made by {@link #schedule}. */
  interface Timer {
    /** Drops the call when it has not begun; otherwise, or a second time, does nothing. */
    void cancel();
  }
}
