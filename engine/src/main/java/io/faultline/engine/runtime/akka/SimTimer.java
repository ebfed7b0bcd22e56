package io.faultline.engine.runtime.akka;

import akka.actor.AbstractScheduler;
import akka.actor.Cancellable;
import akka.event.LoggingAdapter;
import com.typesafe.config.Config;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.runtime.sim.SimScheduler;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;
import scala.concurrent.ExecutionContext;
import scala.concurrent.duration.FiniteDuration;

/**
 * The actor system's timer in virtual time. A timer belongs to the run that was current when it was
 * set and ends with it; one set while the system boots or stops never fires, since time stands
 * still there.
 */
public final class SimTimer extends AbstractScheduler {
  /**
   * Called by reflection.
   *
   * @param config unused
   * @param log unused
   * @param threads unused: there are none
   */
  public SimTimer(Config config, LoggingAdapter log, ThreadFactory threads) {}

  @Override
  @SuppressWarnings("deprecation") // the method the library itself still calls for fixed rates
  public Cancellable schedule(
      FiniteDuration initialDelay,
      FiniteDuration interval,
      Runnable task,
      ExecutionContext executor) {
    Pending pending = new Pending(task, executor, interval.toNanos());
    pending.arm(initialDelay.toNanos());
    return pending;
  }

  @Override
  public Cancellable scheduleOnce(FiniteDuration delay, Runnable task, ExecutionContext executor) {
    Pending pending = new Pending(task, executor, 0);
    pending.arm(delay.toNanos());
    return pending;
  }

  @Override
  public double maxFrequency() {
    return 1e9;
  }

  private static final class Pending implements Cancellable {
    private final Runnable task;
    private final ExecutionContext executor;
    private final long intervalNanos;
    private EngineRuntime.@Nullable Timer timer;
    private volatile boolean over;

    Pending(Runnable task, ExecutionContext executor, long intervalNanos) {
      this.task = task;
      this.executor = executor;
      this.intervalNanos = intervalNanos;
    }

    void arm(long delayNanos) {
      SimScheduler scheduler = SimScheduler.current();
      if (scheduler != null) {
        timer = scheduler.schedule(delayNanos, this::fire);
      }
    }

    private void fire() {
      if (over) {
        return;
      }
      if (intervalNanos > 0) {
        arm(intervalNanos);
      } else {
        over = true;
      }
      executor.execute(task);
    }

    @Override
    public boolean cancel() {
      boolean first = !over;
      over = true;
      EngineRuntime.Timer armed = timer;
      if (armed != null) {
        armed.cancel();
      }
      return first;
    }

    @Override
    public boolean isCancelled() {
      return over;
    }
  }
}
