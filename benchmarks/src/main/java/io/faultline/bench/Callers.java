package io.faultline.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** Threads that do the same until the time is over, each call timed. */
final class Callers {
  /** One call of caller {@code caller}, its {@code sequence}th. */
  interface Call {
    void run(int caller, long sequence) throws IOException;
  }

  /**
   * What one window gave.
   *
   * @param nanos how long each call took
   * @param perSecond calls that ended, by the time from the first's start to the last's end
   */
  record Sample(Histogram nanos, double perSecond) {
    double percentile(double percent) {
      return nanos.getValueAtPercentile(percent);
    }
  }

  private Callers() {}

  /** Runs {@code callers} threads for {@code millis} milliseconds. */
  static Sample run(ThreadFactory threads, int callers, int millis, Call call) throws IOException {
    AtomicBoolean over = new AtomicBoolean();
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    List<Histogram> histograms = new ArrayList<>();
    List<Thread> running = new ArrayList<>();
    long began = System.nanoTime();
    for (int i = 0; i < callers; i++) {
      int caller = i;
      Histogram mine = new Histogram(3);
      histograms.add(mine);
      Thread thread =
          threads.newThread(
              () -> {
                try {
                  for (long n = 0; !over.get(); n++) {
                    long before = System.nanoTime();
                    call.run(caller, n);
                    mine.recordValue(System.nanoTime() - before);
                  }
                } catch (Throwable t) {
                  failure.compareAndSet(null, t);
                }
              });
      running.add(thread);
      thread.start();
    }
    try {
      Thread.sleep(millis);
      over.set(true);
      for (Thread thread : running) {
        thread.join();
      }
    } catch (InterruptedException e) {
      over.set(true);
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    long took = System.nanoTime() - began;
    Throwable failed = failure.get();
    if (failed != null) {
      throw new IOException("a call failed: " + failed.getMessage(), failed);
    }
    Histogram all = new Histogram(3);
    histograms.forEach(all::add);
    return new Sample(all, all.getTotalCount() * 1e9 / took);
  }
}
