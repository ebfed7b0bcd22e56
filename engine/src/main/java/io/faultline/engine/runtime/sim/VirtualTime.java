package io.faultline.engine.runtime.sim;

import io.faultline.engine.runtime.EngineRuntime;
import java.util.Comparator;
import java.util.PriorityQueue;

/**
 * The clock of one run, which moves only when nothing can run, and the timers that then fire: in
 * order of their deadlines, those of one moment as they were made. Confined like its scheduler.
 */
final class VirtualTime {
  private final PriorityQueue<PendingTimer> timers =
      new PriorityQueue<>(
          Comparator.comparingLong(PendingTimer::deadline).thenComparingLong(t -> t.order));
  private long nowNanos;
  private long timerOrder;

  private static final class PendingTimer implements EngineRuntime.Timer {
    private final long deadline;
    private final long order;
    private final Runnable action;
    private boolean cancelled;

    PendingTimer(long deadline, long order, Runnable action) {
      this.deadline = deadline;
      this.order = order;
      this.action = action;
    }

    long deadline() {
      return deadline;
    }

    @Override
    public void cancel() {
      cancelled = true;
    }
  }

  /** Virtual nanoseconds since the run began. */
  long nanoTime() {
    return nowNanos;
  }

  /**
   * A timer {@code delayNanos} from now.
   *
   * @param admitted whether it may fire at all
   */
  EngineRuntime.Timer schedule(long delayNanos, Runnable action, boolean admitted) {
    long deadline = Math.addExact(nowNanos, Math.max(0, delayNanos));
    PendingTimer timer = new PendingTimer(deadline, timerOrder++, action);
    if (admitted) {
      timers.add(timer);
    }
    return timer;
  }

  /**
   * Moves time to the next timer and fires all that are due then.
   *
   * @param failures hears of those that throw
   * @return false if there was none
   */
  boolean advance(RunFailure failures) {
    PendingTimer next = timers.poll();
    while (next != null && next.cancelled) {
      next = timers.poll();
    }
    if (next == null) {
      return false;
    }
    nowNanos = Math.max(nowNanos, next.deadline);
    while (next != null && next.deadline <= nowNanos) {
      timers.remove(next);
      if (!next.cancelled) {
        try {
          next.action.run();
        } catch (RuntimeException thrown) {
          failures.fail("a timer failed: " + thrown, thrown);
        }
      }
      next = timers.peek();
    }
    return true;
  }

  /** No timer fires any more. */
  void end() {
    timers.clear();
  }
}
