package io.faultline.engine.volume;

import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockWait;
import io.faultline.engine.runtime.EngineRuntime;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Background writeback: when dirty pages stand in somebody's way, and a commit interval after the
 * first page became dirty (rule R24). An idle volume arms no timer.
 */
final class Flusher implements AutoCloseable {
  /** What the flusher does. */
  interface Work {
    /** Writes back everything that is dirty now without waiting for busy pages. */
    void relieve();

    /**
     * Writes back and commits everything up to now, except what commands under way have thrown out
     * of the cache and not published.
     *
     * @return ends when those have published, and {@link #finish} is due; null if there are none
     */
    @Nullable CompletableFuture<Void> settle();

    /** Commits what the last {@link #settle} could not. */
    void finish();

    /** One of the others failed in a way that only a bug or exhaustion explains. */
    void failed(Throwable cause);
  }

  private final EngineRuntime runtime;
  private final long intervalNanos;
  private final Work work;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wanted = lock.newCondition();
  private final Condition idle = lock.newCondition();
  private final CompletableFuture<Void> stopped = new CompletableFuture<>();
  // Guarded by lock; armed and pressure are also read without it.
  private volatile boolean armed;
  private volatile boolean pressure;
  private boolean due;
  private boolean published;
  private boolean working;

  /** Intervals whose end waits for commands to publish. */
  private int unfinished;

  private boolean closing;
  private EngineRuntime.@Nullable Timer timer;

  Flusher(EngineRuntime runtime, long intervalNanos, Work work) {
    this.runtime = runtime;
    this.intervalNanos = intervalNanos;
    this.work = work;
  }

  void start() {
    runtime.forkPlatform("faultline-flusher", this::run);
  }

  /** Something became dirty. */
  void arm() {
    if (armed) {
      return;
    }
    lock.lock();
    try {
      if (!armed && !closing) {
        armed = true;
        timer = runtime.schedule(intervalNanos, this::ring);
      }
    } finally {
      lock.unlock();
    }
  }

  private void ring() {
    lock.lock();
    try {
      due = true;
      wanted.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Dirty pages stand in the way. Does not block. */
  void press() {
    if (pressure) {
      // Whoever takes it back looks at the pages afterwards.
      return;
    }
    lock.lock();
    try {
      pressure = true;
      wanted.signal();
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    try {
      for (; ; ) {
        boolean relieve;
        boolean settle;
        boolean finish;
        lock.lock();
        try {
          while (!pressure && !due && !published && !closing) {
            wanted.awaitUninterruptibly();
          }
          if (closing) {
            return;
          }
          relieve = pressure || due;
          settle = due;
          // A settle commits everything anyway.
          finish = published && !due;
          if (due) {
            // What becomes dirty from here on arms the next interval.
            armed = false;
          }
          due = false;
          published = false;
          pressure = false;
          working = true;
        } finally {
          lock.unlock();
        }
        LockOrder.assertNone("the flusher begins");
        LockOrder.owes(LockWait.FRAME);
        try {
          if (relieve) {
            work.relieve();
          }
          if (settle) {
            later(work.settle());
          } else if (finish) {
            work.finish();
          }
        } catch (RuntimeException | Error e) {
          // Frames are still waited for: this thread must go on, the volume must not.
          work.failed(e);
        } finally {
          LockOrder.paid(LockWait.FRAME);
          rest();
        }
      }
    } finally {
      stopped.complete(null);
    }
  }

  /** The interval's end is not over before commands that published too late are durable. */
  private void later(@Nullable CompletableFuture<Void> published) {
    if (published == null) {
      return;
    }
    lock.lock();
    try {
      unfinished++;
    } finally {
      lock.unlock();
    }
    published.whenComplete((ignored, failed) -> published());
  }

  private void published() {
    lock.lock();
    try {
      unfinished--;
      published = true;
      wanted.signal();
    } finally {
      lock.unlock();
    }
  }

  private void rest() {
    lock.lock();
    try {
      working = false;
      idle.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Returns when everything it was told to do before has been done, the rest of an interval's end
   * that waits for commands included.
   */
  void awaitIdle() {
    lock.lock();
    try {
      while ((working || pressure || due || published || unfinished > 0) && !closing) {
        idle.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closing = true;
      if (timer != null) {
        timer.cancel();
      }
      wanted.signal();
    } finally {
      lock.unlock();
    }
    stopped.join();
  }
}
