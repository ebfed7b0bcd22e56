package io.faultline.engine.device;

import io.faultline.engine.runtime.EngineRuntime;
import java.io.IOException;

/**
 * Makes another device slow: each request reaches it a fixed time after submission. Any number wait
 * at once and none holds a thread, as on a device with an unlimited queue. The delegate should
 * complete inline or have threads of its own, because a timer's thread hands the request over.
 */
public final class SlowDevice implements BlockDevice {

  /**
   * Delays in nanoseconds.
   *
   * @param readNanos of a read
   * @param writeNanos of a write or discard
   * @param flushNanos of a flush
   */
  public record Latency(long readNanos, long writeNanos, long flushNanos) {
    /** The same for all. */
    public static Latency of(long nanos) {
      return new Latency(nanos, nanos, nanos);
    }
  }

  private final BlockDevice delegate;
  private final EngineRuntime runtime;
  private final Latency latency;

  /** Delays requests to {@code delegate} by the runtime's timers. */
  public SlowDevice(BlockDevice delegate, EngineRuntime runtime, Latency latency) {
    this.delegate = delegate;
    this.runtime = runtime;
    this.latency = latency;
  }

  @Override
  public long sizeBytes() {
    return delegate.sizeBytes();
  }

  @Override
  public DeviceCapabilities capabilities() {
    return delegate.capabilities();
  }

  @Override
  public void submit(Io io) {
    check(io);
    long nanos =
        switch (io.op()) {
          case READ -> latency.readNanos();
          case WRITE, DISCARD -> latency.writeNanos();
          case FLUSH -> latency.flushNanos();
        };
    runtime.schedule(nanos, () -> delegate.submit(io));
  }

  /** Closes the delegate; requests that still wait for their time then fail there. */
  @Override
  public void close() throws IOException {
    delegate.close();
  }
}
