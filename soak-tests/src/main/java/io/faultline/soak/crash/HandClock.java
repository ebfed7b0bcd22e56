package io.faultline.soak.crash;

import io.faultline.engine.runtime.EngineRuntime;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The JVM's threads; a wall clock that stands still, so that changes within one tick are the rule
 * and no time stamp brings a transaction about; timers that go off, and checkpoints that are
 * written, when they are told to. Thread-safe.
 */
final class HandClock implements EngineRuntime {
  private static final long NOW_NANOS = 1_000_000_000_000_000_000L;

  private final EngineRuntime real = EngineRuntime.production();
  private volatile @Nullable Thread flusher;
  private final List<Pending> timers = new ArrayList<>(); // guarded by this
  private @Nullable Runnable checkpoint; // guarded by this

  @Override
  public long nanoTime() {
    return real.nanoTime();
  }

  @Override
  public long wallNanos() {
    return NOW_NANOS;
  }

  @Override
  public void fork(String name, Runnable body) {
    real.fork(name, body);
  }

  @Override
  public void forkPlatform(String name, Runnable body) {
    if (name.equals("faultline-checkpoint")) {
      synchronized (this) {
        checkpoint = body;
      }
      return;
    }
    real.forkPlatform(
        name,
        () -> {
          if (name.equals("faultline-flusher")) {
            flusher = Thread.currentThread();
          }
          body.run();
        });
  }

  /** Writes the checkpoint that is due in the caller's thread; false if none is. */
  boolean checkpoint() {
    Runnable due;
    synchronized (this) {
      due = checkpoint;
      checkpoint = null;
    }
    if (due == null) {
      return false;
    }
    due.run();
    return true;
  }

  /** The volume's flusher, null before it runs. */
  @Nullable Thread flusher() {
    return flusher;
  }

  @Override
  public synchronized Timer schedule(long delayNanos, Runnable callback) {
    // Each its own, so that it is found again by what it is and not by what it does.
    Pending pending = new Pending(callback);
    timers.add(pending);
    return () -> cancel(pending);
  }

  private synchronized void cancel(Pending pending) {
    timers.remove(pending);
  }

  static final class Pending {
    final Runnable callback;

    Pending(Runnable callback) {
      this.callback = callback;
    }
  }

  /** The timers that are set now. */
  synchronized List<Pending> timers() {
    return List.copyOf(timers);
  }

  /**
   * Lets timers go off that nobody has cancelled since.
   *
   * @param flusher the flusher's, or all others
   */
  void ring(List<Pending> due, boolean flusher) {
    List<Pending> still;
    synchronized (this) {
      still = due.stream().filter(t -> isFlusher(t.callback) == flusher).toList();
      still = still.stream().filter(timers::contains).toList();
      timers.removeAll(still);
    }
    still.forEach(pending -> pending.callback.run());
  }

  private static boolean isFlusher(Runnable callback) {
    return callback.getClass().getName().contains(".Flusher");
  }

  @Override
  public boolean simulated() {
    return false;
  }
}
