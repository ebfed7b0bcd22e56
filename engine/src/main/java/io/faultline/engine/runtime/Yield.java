package io.faultline.engine.runtime;

import org.jspecify.annotations.Nullable;

/**
 * Calls at the named {@link YieldPoint}s: nothing in production, a possible task switch in
 * simulation (DESIGN D4).
 *
 * <p>{@link #SIMULATION} is a constant of the JVM, so the JIT removes every call where it is false.
 * A yield point is not allowed inside a short internal mutex: an actor turn, which runs on the
 * scheduler's own thread, could then find the mutex taken and nobody able to release it.
 */
public final class Yield {
  /** Whether this JVM simulates: {@code -Dfaultline.simulation=true}, once per JVM. */
  public static final boolean SIMULATION = Boolean.getBoolean("faultline.simulation");

  private static volatile @Nullable Sink sink;

  private Yield() {}

  /** Receives the points while a simulation runs; installed by the scheduler only. */
  public interface Sink {
    /**
     * A task has reached {@code point}; returns when the task may go on.
     *
     * @param point where it is
     * @param ino the inode it is about, 0 when none
     * @param arg page index, LSN or whatever tells two calls apart, 0 when none
     */
    void at(YieldPoint point, long ino, long arg);

    /**
     * Something changed state; returns at once.
     *
     * @param change what
     * @param ino the inode it is about, 0 when none
     * @param arg as {@link StateChange} says
     */
    default void note(StateChange change, long ino, long arg) {}

    /** As {@link Yield#silent}; called right before {@link #at}. */
    default void silent() {}
  }

  /**
   * Replaces the receiver.
   *
   * @param next the scheduler that runs now, or null after it has ended
   * @throws IllegalStateException when this JVM does not simulate
   */
  public static void install(@Nullable Sink next) {
    if (!SIMULATION) {
      throw new IllegalStateException("simulation needs -Dfaultline.simulation=true");
    }
    sink = next;
  }

  /**
   * The calling task is at {@code point}.
   *
   * @param point where it is
   */
  public static void at(YieldPoint point) {
    if (SIMULATION) {
      pass(point, 0, 0);
    }
  }

  /**
   * The calling task is at {@code point} of a given object.
   *
   * @param point where it is
   * @param ino the inode it is about
   * @param arg page index, LSN or whatever tells two calls apart
   */
  public static void at(YieldPoint point, long ino, long arg) {
    if (SIMULATION) {
      pass(point, ino, arg);
    }
  }

  /**
   * Tells the trace that something has changed state. No task switch; nothing in production unless
   * this JVM {@linkplain EngineTrace#ON traces}.
   *
   * @param change what
   * @param ino the inode it is about, 0 when none
   * @param arg as {@link StateChange} says
   */
  public static void note(StateChange change, long ino, long arg) {
    if (SIMULATION) {
      Sink receiver = sink;
      if (receiver != null) {
        receiver.note(change, ino, arg);
      }
    } else if (EngineTrace.ON) {
      EngineTrace.note(change, ino, arg);
    }
  }

  /**
   * Declares, right before a yield point, that since its last one the calling task has neither
   * changed nor looked at anything that another task can change. An exploration need not try a
   * switch before such a step: the one behind it leads to the same states.
   */
  public static void silent() {
    if (SIMULATION) {
      Sink receiver = sink;
      if (receiver != null) {
        receiver.silent();
      }
    }
  }

  private static void pass(YieldPoint point, long ino, long arg) {
    Sink receiver = sink;
    if (receiver != null) {
      receiver.at(point, ino, arg);
    }
  }
}
