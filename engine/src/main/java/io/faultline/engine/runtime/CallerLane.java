package io.faultline.engine.runtime;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A thread that waits for an actor's answer, lent to the actor meanwhile. Sending a command to
 * other threads and being woken costs more than most commands; a caller who waits anyway runs the
 * turns that his own messages cause, and then the body of his own command.
 *
 * <p><b>Turns</b> never wait and are run at once, in order, also behind the answer: a mailbox that
 * is queued here runs nowhere else. <b>A body</b> may wait, so while it runs the lane takes no
 * turns: what it tells actors goes to other threads, as if there were no lane.
 *
 * <p>Not for virtual threads, whose hand-over is cheap and whose carrier a body's system calls
 * would hold, and not in simulation, where the scheduler has a lane of its own.
 */
public final class CallerLane {
  private static final ThreadLocal<@Nullable CallerLane> CURRENT = new ThreadLocal<>();

  /** Something that sends a command and has its answer. */
  public interface Call<X extends Exception> {
    CompletableFuture<Void> submit() throws X;
  }

  private final Thread thread = Thread.currentThread();
  private final ConcurrentLinkedQueue<Runnable> turns = new ConcurrentLinkedQueue<>();

  // Guarded by this.
  private @Nullable Runnable body;
  private boolean closed;

  private CallerLane() {}

  /** The lane of this thread, if it takes turns now. */
  public static @Nullable CallerLane current() {
    return CURRENT.get();
  }

  /** Submits a command and lends this thread to it; returns its answer, which is there. */
  public static <X extends Exception> CompletableFuture<Void> call(Call<X> call) throws X {
    if (Yield.SIMULATION || Thread.currentThread().isVirtual() || CURRENT.get() != null) {
      return call.submit();
    }
    CallerLane lane = new CallerLane();
    CURRENT.set(lane);
    try {
      CompletableFuture<Void> answer = call.submit();
      // Waits in this lane only: a body is handed over before the answer, or never.
      var _ = answer.whenComplete((ignored, failed) -> LockSupport.unpark(lane.thread));
      lane.work(answer);
      return answer;
    } finally {
      lane.close();
    }
  }

  /** Queues a turn; this thread only. */
  public void turn(Runnable task) {
    turns.add(task);
  }

  /** Hands over the body of the command this thread waits for; false: it does not any more. */
  public synchronized boolean offer(Runnable task) {
    if (closed) {
      return false;
    }
    body = task;
    LockSupport.unpark(thread);
    return true;
  }

  /** Runs {@code task}, which may wait, without taking turns meanwhile. */
  public static void withoutTurns(Runnable task) {
    CallerLane lane = CURRENT.get();
    CURRENT.remove();
    try {
      task.run();
    } finally {
      if (lane != null) {
        CURRENT.set(lane);
      }
    }
  }

  private void work(CompletableFuture<Void> answer) {
    boolean interrupted = false;
    try {
      while (true) {
        Runnable next = next();
        if (next != null) {
          interrupted |= Uninterrupted.run(next);
        } else if (answer.isDone()) {
          break;
        } else {
          LockSupport.park(this);
          interrupted |= Thread.interrupted();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private @Nullable Runnable next() {
    Runnable turn = turns.poll();
    if (turn != null) {
      return turn;
    }
    synchronized (this) {
      Runnable task = body;
      body = null;
      return task;
    }
  }

  /** Nothing may be left that only this lane would run. */
  private void close() {
    Runnable last;
    synchronized (this) {
      closed = true;
      last = body;
      body = null;
    }
    CURRENT.remove();
    for (Runnable turn = turns.poll(); turn != null; turn = turns.poll()) {
      Thread.startVirtualThread(turn);
    }
    if (last != null) {
      Thread.startVirtualThread(last);
    }
  }
}
