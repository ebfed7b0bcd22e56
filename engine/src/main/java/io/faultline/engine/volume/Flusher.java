package io.faultline.engine.volume;

import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockWait;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.runtime.Mutant;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Background writeback: when dirty pages stand in somebody's way, and a commit interval after the
 * first page became dirty (rule R24). An idle volume arms no timer.
 *
 * <p>Two threads, since the end of an interval waits for a commit and a flush of the device, and
 * who waits for a frame must not wait for those as well.
 */
final class Flusher implements AutoCloseable {
  /** What the flusher does; relieve on one thread, the rest on another. */
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

  private enum Task {
    RELIEF,
    INTERVAL
  }

  private final EngineRuntime runtime;
  private final long intervalNanos;
  private final Work work;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition pressed = lock.newCondition();
  private final Condition rung = lock.newCondition();
  private final Condition idle = lock.newCondition();
  private final CompletableFuture<Void> relieved = new CompletableFuture<>();
  private final CompletableFuture<Void> settled = new CompletableFuture<>();
  // Guarded by lock; armed and pressure are also read without it.
  private volatile boolean armed;
  private volatile boolean pressure;
  private boolean due;
  private boolean published;
  private final Set<Task> working = EnumSet.noneOf(Task.class);

  /** Written with the lock held, by the thread that reads it. */
  private boolean settles;

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
    runtime.forkPlatform("faultline-writeback", this::relieve);
    runtime.forkPlatform("faultline-flusher", this::settle);
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
      rung.signal();
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
      pressed.signal();
    } finally {
      lock.unlock();
    }
  }

  private void relieve() {
    try {
      while (awaits(Task.RELIEF)) {
        LockOrder.assertNone("writeback begins");
        LockOrder.owes(LockWait.FRAME);
        try {
          work.relieve();
        } catch (RuntimeException | Error e) {
          // Frames are still waited for: this thread must go on, the volume must not.
          work.failed(e);
        } finally {
          LockOrder.paid(LockWait.FRAME);
          rests(Task.RELIEF);
        }
      }
    } finally {
      relieved.complete(null);
    }
  }

  private void settle() {
    try {
      while (awaits(Task.INTERVAL)) {
        LockOrder.assertNone("the flusher begins");
        try {
          if (settles) {
            later(work.settle());
          } else {
            work.finish();
          }
        } catch (RuntimeException | Error e) {
          work.failed(e);
        } finally {
          rests(Task.INTERVAL);
        }
      }
    } finally {
      settled.complete(null);
    }
  }

  /** Waits for something to do; false when there will not be anything any more. */
  private boolean awaits(Task task) {
    lock.lock();
    try {
      while (!wanted(task) && !closing) {
        (task == Task.RELIEF ? pressed : rung).awaitUninterruptibly();
      }
      if (closing) {
        return false;
      }
      if (task == Task.RELIEF) {
        pressure = false;
      } else {
        // A settle commits everything anyway.
        settles = due;
        if (due) {
          // What becomes dirty from here on arms the next interval.
          armed = false;
        }
        due = false;
        published = false;
      }
      working.add(task);
      return true;
    } finally {
      lock.unlock();
    }
  }

  private boolean wanted(Task task) {
    if (task == Task.INTERVAL) {
      return due || published;
    }
    return pressure && !(Mutant.FRAMES_WAIT_FOR_COMMIT.on() && working.contains(Task.INTERVAL));
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
    CompletableFuture<Void> _ = published.whenComplete((_, _) -> published());
  }

  private void published() {
    lock.lock();
    try {
      unfinished--;
      published = true;
      rung.signal();
    } finally {
      lock.unlock();
    }
  }

  private void rests(Task task) {
    lock.lock();
    try {
      working.remove(task);
      idle.signalAll();
      if (Mutant.FRAMES_WAIT_FOR_COMMIT.on()) {
        pressed.signal();
      }
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
      while (busy() && !closing) {
        idle.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean busy() {
    return !working.isEmpty() || pressure || due || published || unfinished > 0;
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closing = true;
      if (timer != null) {
        timer.cancel();
      }
      pressed.signal();
      rung.signal();
    } finally {
      lock.unlock();
    }
    relieved.join();
    settled.join();
  }
}
