package io.faultline.soak.price;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Some threads that do one thing each, over and over, until time is up. A last operation that takes
 * longer is waited for and counted with its time.
 */
final class Load {
  /** One operation. */
  @FunctionalInterface
  interface Operation {
    /** Does it and returns how long it took, nanoseconds. */
    long run() throws IOException;
  }

  /** Makes an operation on the thread that will run it, with all that belongs to that thread. */
  @FunctionalInterface
  interface Body {
    /**
     * Makes it.
     *
     * @param number of the thread, from 0
     */
    Operation on(int number) throws IOException;
  }

  /** What a group of equal threads did: operations, their rate, and how long one took. */
  record Done(long operations, double perSecond, Histogram nanos) {}

  private static final long NANOS_MAX = TimeUnit.MINUTES.toNanos(10);

  private final CountDownLatch start = new CountDownLatch(1);
  private final CountDownLatch failed = new CountDownLatch(1);
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final List<List<Worker>> groups = new ArrayList<>();
  private volatile boolean over;

  /** Adds {@code threads} threads; their figures have the place of this call in {@link #run}. */
  Load with(int threads, Body body) {
    List<Worker> group = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      group.add(new Worker(body, i));
    }
    groups.add(group);
    return this;
  }

  /**
   * Runs all of them.
   *
   * @return what each group did, in the order in which they were added
   * @throws IOException an operation failed
   */
  List<Done> run(long millis) throws IOException {
    List<Worker> all = groups.stream().flatMap(List::stream).toList();
    CountDownLatch ready = new CountDownLatch(all.size());
    List<Thread> threads = new ArrayList<>();
    for (Worker worker : all) {
      worker.ready = ready;
      Thread thread = new Thread(worker, "price-" + threads.size());
      thread.setDaemon(true);
      thread.start();
      threads.add(thread);
    }
    try {
      ready.await();
      start.countDown();
      // Returns early only when an operation failed.
      failed.await(millis, TimeUnit.MILLISECONDS);
      over = true;
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException interrupted) {
      over = true;
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while measuring", interrupted);
    }
    Throwable why = failure.get();
    if (why != null) {
      throw new IOException("an operation failed: " + why, why);
    }
    return groups.stream().map(Load::sum).toList();
  }

  private static Done sum(List<Worker> group) {
    Histogram nanos = new Histogram(NANOS_MAX, 3);
    long operations = 0;
    double perSecond = 0;
    for (Worker worker : group) {
      nanos.add(worker.nanos);
      operations += worker.operations;
      perSecond += worker.operations * 1e9 / Math.max(1, worker.elapsed);
    }
    return new Done(operations, perSecond, nanos);
  }

  private final class Worker implements Runnable {
    private final Body body;
    private final int number;
    private final Histogram nanos = new Histogram(NANOS_MAX, 3);
    private @Nullable CountDownLatch ready;
    private long operations;
    private long elapsed;

    Worker(Body body, int number) {
      this.body = body;
      this.number = number;
    }

    @Override
    public void run() {
      try {
        Operation operation;
        try {
          operation = body.on(number);
        } finally {
          if (ready != null) {
            ready.countDown();
          }
        }
        start.await();
        long began = System.nanoTime();
        long done = 0;
        do {
          nanos.recordValue(Math.min(NANOS_MAX, operation.run()));
          done++;
        } while (!over);
        operations = done;
        elapsed = System.nanoTime() - began;
      } catch (IOException | RuntimeException | Error | InterruptedException thrown) {
        failure.compareAndSet(null, thrown);
        failed.countDown();
        over = true;
      }
    }
  }
}
