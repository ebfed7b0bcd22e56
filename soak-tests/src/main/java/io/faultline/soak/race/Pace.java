package io.faultline.soak.race;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Locale;

/**
 * How fast runs were made: over all of them, and over their second half, when the JVM has warmed
 * up. Besides the clock on the wall it reads the processor time of the one thread on which a
 * simulation runs, tasks and actors included: what a core of one's own would give. Confined to that
 * thread.
 */
public final class Pace {
  private static final int MARKS = 1024;

  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
  // At the begin of every stride-th run; when they are full every second one goes.
  private long[] wallNanos = new long[MARKS];
  private long[] cpuNanos = new long[MARKS];
  private int marks;
  private long stride = 1;
  private long runs;

  /** A run begins. */
  public void runBegins() {
    if (runs++ % stride != 0) {
      return;
    }
    if (marks == MARKS) {
      for (int i = 0; i < MARKS / 2; i++) {
        wallNanos[i] = wallNanos[2 * i];
        cpuNanos[i] = cpuNanos[2 * i];
      }
      marks = MARKS / 2;
      stride *= 2;
      if ((runs - 1) % stride != 0) {
        return;
      }
    }
    wallNanos[marks] = System.nanoTime();
    cpuNanos[marks] = threads.getCurrentThreadCpuTime();
    marks++;
  }

  /** Runs begun. */
  public long runs() {
    return runs;
  }

  /** Seconds since the first run began; 0 before. */
  public double seconds() {
    return marks == 0 ? 0 : (System.nanoTime() - wallNanos[0]) / 1e9;
  }

  /**
   * The figures, once the last run has ended.
   *
   * @return {@code seconds=… schedules/s=… cpu-seconds=… schedules/cpu-s=…}, then the two rates of
   *     the second half of the runs, if there were enough to tell
   */
  public String text() {
    long wall = System.nanoTime();
    long cpu = threads.getCurrentThreadCpuTime();
    double seconds = (wall - wallNanos[0]) / 1e9;
    double cpuSeconds = (cpu - cpuNanos[0]) / 1e9;
    String all =
        String.format(
            Locale.ROOT,
            "seconds=%.2f schedules/s=%.0f cpu-seconds=%.2f schedules/cpu-s=%.0f",
            seconds,
            runs / seconds,
            cpuSeconds,
            runs / cpuSeconds);
    int half = marks / 2;
    if (half < 4) {
      return all;
    }
    long late = runs - half * stride;
    return all
        + String.format(
            Locale.ROOT,
            " second-half: schedules/s=%.0f schedules/cpu-s=%.0f",
            late / ((wall - wallNanos[half]) / 1e9),
            late / ((cpu - cpuNanos[half]) / 1e9));
  }
}
