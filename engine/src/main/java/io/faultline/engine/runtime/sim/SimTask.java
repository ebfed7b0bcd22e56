package io.faultline.engine.runtime.sim;

import io.faultline.engine.runtime.YieldPoint;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * One engine task: a virtual thread whose executor only hands its continuation to the scheduler.
 * Each has an executor of its own, so that every continuation is known by its task. Touched by the
 * scheduler's thread, or by the one task that thread runs at the moment.
 */
final class SimTask {
  private static final Constructor<?> BUILDER = builder();

  /** Thrown out of a yield point to unwind a task whose run is over. */
  static final class Abandoned extends Error {
    private static final long serialVersionUID = 1L;

    Abandoned() {
      super("the simulation has ended", null, false, false);
    }
  }

  interface Submission {
    void submitted(SimTask task, Runnable continuation);
  }

  final String name;
  final boolean client;
  final Thread thread;

  @Nullable Runnable continuation;

  @Nullable YieldPoint point;
  long ino;
  long arg;

  boolean preempted;
  boolean aboutToPark;
  boolean atPoint;
  long traceAtResume;
  int choiceAtResume = -1;
  boolean finished;
  int abandoned;
  long priority;

  SimTask(String name, boolean client, long priority, Submission submission, Runnable body) {
    this.name = name;
    this.client = client;
    this.priority = priority;
    Executor executor = continuation -> submission.submitted(this, continuation);
    try {
      Thread.Builder.OfVirtual builder = (Thread.Builder.OfVirtual) BUILDER.newInstance(executor);
      ThreadFactory factory = builder.name(name).factory();
      this.thread = factory.newThread(body);
    } catch (InvocationTargetException | InstantiationException | IllegalAccessException refused) {
      throw new IllegalStateException("cannot create a virtual thread on the scheduler", refused);
    }
  }

  /** Takes what goes on with it out of the task. */
  Runnable resumes(long traceLength) {
    Runnable rest = continuation;
    if (rest == null) {
      throw new IllegalStateException("task '" + name + "' is ready without a continuation");
    }
    continuation = null;
    preempted = false;
    aboutToPark = false;
    atPoint = false;
    traceAtResume = traceLength;
    return rest;
  }

  /** The task stands at a yield point. */
  void at(YieldPoint where, long inode, long argument) {
    point = where;
    ino = inode;
    arg = argument;
    atPoint = true;
    preempted = !where.waiting();
    aboutToPark = parks(where, inode);
    choiceAtResume = -1;
  }

  /** Whether all that follows this point is a park, or going on if the wait is over by then. */
  private static boolean parks(YieldPoint where, long inode) {
    return switch (where) {
      // Without an inode it is a lock of the library, where the queue's order counts too.
      case LOCK_WAIT -> inode != 0;
      case COMMIT_WAIT, IO_WAIT -> true;
      default -> false;
    };
  }

  @Override
  public String toString() {
    return "task '" + name + "'";
  }

  private static Constructor<?> builder() {
    try {
      Constructor<?> constructor =
          Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
              .getDeclaredConstructor(Executor.class);
      constructor.setAccessible(true);
      return constructor;
    } catch (ReflectiveOperationException | RuntimeException refused) {
      throw new IllegalStateException(
          "simulation needs --add-opens java.base/java.lang=ALL-UNNAMED and JDK 25", refused);
    }
  }

  /** Name, last point and stack, for a failure that has to say where everybody stands. */
  String whereabouts() {
    StringBuilder text = new StringBuilder();
    text.append(client ? "client '" : "task '").append(name).append("' ");
    text.append(thread.getState()).append(point == null ? "" : ", last at " + point).append('\n');
    StackTraceElement[] frames = thread.getStackTrace();
    for (int i = 0; i < Math.min(frames.length, 24); i++) {
      if (!frames[i].getClassName().startsWith("java.lang.VirtualThread")) {
        text.append("    at ").append(frames[i]).append('\n');
      }
    }
    return text.toString();
  }
}
