package io.faultline.soak;

import io.faultline.Volume;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** What all threads of one soak share. Thread-safe. */
final class SoakRun {
  private final SoakOptions options;
  private final Counts counts = new Counts();
  private final TraceRing trace = new TraceRing();
  private final AtomicReference<@Nullable Finding> finding = new AtomicReference<>();
  private final AtomicReference<@Nullable Throwable> cause = new AtomicReference<>();
  private final CountDownLatch loadOver = new CountDownLatch(1);
  private volatile @Nullable Volume volume;
  private volatile boolean stopping;
  private volatile boolean refilling;

  SoakRun(SoakOptions options) {
    this.options = options;
  }

  SoakOptions options() {
    return options;
  }

  Counts counts() {
    return counts;
  }

  TraceRing trace() {
    return trace;
  }

  void use(Volume opened) {
    volume = opened;
  }

  boolean hasVolume() {
    return volume != null;
  }

  Volume volume() {
    Volume opened = volume;
    if (opened == null) {
      throw new IllegalStateException("no volume is open yet");
    }
    return opened;
  }

  /** Whether the workers are to go on. */
  boolean running() {
    return !stopping;
  }

  /** Ends the load. */
  void stop() {
    stopping = true;
    loadOver.countDown();
  }

  void awaitEndOfLoad() throws InterruptedException {
    loadOver.await();
  }

  /** Whether there is so little data that more should be written than taken away. */
  boolean refilling() {
    return refilling;
  }

  void refilling(boolean little) {
    refilling = little;
  }

  /** Ends the load because of something that must not be; only the first such thing counts. */
  void report(Finding found) {
    finding.compareAndSet(null, found.lsn() == Finding.NONE ? found.at(durableLsn()) : found);
    stop();
  }

  /** The engine failed where it must not. */
  void report(Throwable failure) {
    cause.compareAndSet(null, failure);
    report(Finding.error(failure));
  }

  @Nullable Finding finding() {
    return finding.get();
  }

  /** What was thrown with the finding, if anything. */
  @Nullable Throwable cause() {
    return cause.get();
  }

  private long durableLsn() {
    Volume opened = volume;
    if (opened == null) {
      return Finding.NONE;
    }
    try {
      return opened.status().durableLsn();
    } catch (IOException | RuntimeException unknown) {
      // A volume that failed may be past telling; the finding matters more than its position.
      return Finding.NONE;
    }
  }
}
