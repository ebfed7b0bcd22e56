package io.faultline.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Threads that repeat something until the time is over. */
final class Lanes {
  /**
   * What one thread does. Its state is its own: keep it in locals during a batch, because fields of
   * two lanes may share a cache line.
   */
  interface Lane {
    /**
     * Some operations in a row, so that looking at the time costs nothing beside them.
     *
     * @return how many
     */
    int batch() throws IOException;

    /** Nanoseconds since the beginning that were not part of the operations. */
    default long nanosBeside() {
      return 0;
    }
  }

  private static final class Flag {
    volatile boolean over;
  }

  /**
   * Nanoseconds an operation.
   *
   * @param nanos from beginning to end
   * @param processorNanos of them, those the thread had a processor; where others use the machine
   *     too this is what two targets can still be compared by
   * @param lanes of each lane, where it is the mean of several
   */
  record Time(double nanos, double processorNanos, List<Time> lanes) {}

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private Lanes() {}

  /**
   * Runs all lanes at once for {@code millis} milliseconds, with 0 for one batch each.
   *
   * @return the mean of the lanes
   */
  static Time run(int millis, List<? extends Lane> lanes) throws IOException {
    Time[] times = new Time[lanes.size()];
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    Flag flag = new Flag();
    flag.over = millis == 0;
    CyclicBarrier start = new CyclicBarrier(lanes.size() + 1);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < times.length; i++) {
      int lane = i;
      threads.add(
          Thread.ofPlatform()
              .daemon()
              .name("lane-", i)
              .start(
                  () -> {
                    try {
                      start.await();
                      times[lane] = repeat(lanes.get(lane), flag);
                    } catch (Throwable t) {
                      failure.compareAndSet(null, t);
                    }
                  }));
    }
    try {
      start.await();
      Thread.sleep(millis);
      flag.over = true;
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (Exception interruptedOrBroken) {
      flag.over = true;
      throw new IOException("interrupted", interruptedOrBroken);
    }
    Throwable failed = failure.get();
    if (failed != null) {
      throw new IOException("an operation failed: " + failed, failed);
    }
    double nanos = 0;
    double processor = 0;
    for (Time time : times) {
      nanos += time.nanos / times.length;
      processor += time.processorNanos / times.length;
    }
    return new Time(nanos, processor, List.of(times));
  }

  private static Time repeat(Lane lane, Flag flag) throws IOException {
    long beside = lane.nanosBeside();
    long processor = THREADS.getCurrentThreadCpuTime();
    long began = System.nanoTime();
    long operations = 0;
    do {
      operations += lane.batch();
    } while (!flag.over);
    long took = System.nanoTime() - began - (lane.nanosBeside() - beside);
    processor = THREADS.getCurrentThreadCpuTime() - processor;
    return new Time((double) took / operations, (double) processor / operations, List.of());
  }

  /**
   * Figures of one or two lanes: {@code ns} and {@code cpu} an operation; of two also {@code
   * alone}, the first without the second for half of the time, and how much an operation {@code
   * grows} by the second.
   */
  static Map<String, Double> figures(int millis, List<? extends Lane> lanes) throws IOException {
    Map<String, Double> figures = new HashMap<>();
    if (lanes.size() == 1) {
      Time time = run(millis, lanes);
      figures.put("ns", time.nanos);
      figures.put("cpu", time.processorNanos);
    } else {
      double alone = run(millis / 2, lanes.subList(0, 1)).nanos;
      Time time = run(millis / 2, lanes);
      figures.put("ns", time.nanos);
      figures.put("cpu", time.processorNanos);
      figures.put("alone", alone);
      figures.put("grows", time.nanos / alone);
    }
    return figures;
  }
}
