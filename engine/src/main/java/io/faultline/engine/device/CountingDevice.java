package io.faultline.engine.device;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.LongAdder;

/** Counts what is submitted to another device; closing it closes that one. */
public final class CountingDevice implements BlockDevice {
  private final BlockDevice delegate;
  private final LongAdder reads = new LongAdder();
  private final LongAdder writes = new LongAdder();
  private final LongAdder flushes = new LongAdder();
  private final LongAdder discards = new LongAdder();
  private final LongAdder bytesRead = new LongAdder();
  private final LongAdder bytesWritten = new LongAdder();

  /** A view of {@code delegate} with all counts at 0. */
  public CountingDevice(BlockDevice delegate) {
    this.delegate = delegate;
  }

  private void count(Io io) {
    switch (io.op()) {
      case READ -> {
        reads.increment();
        bytesRead.add(io.lengthBytes());
      }
      case WRITE -> {
        writes.increment();
        bytesWritten.add(io.lengthBytes());
      }
      case FLUSH -> flushes.increment();
      case DISCARD -> discards.increment();
    }
  }

  /** Read requests submitted. */
  public long reads() {
    return reads.sum();
  }

  /** Write requests submitted. */
  public long writes() {
    return writes.sum();
  }

  /** Flush requests submitted. */
  public long flushes() {
    return flushes.sum();
  }

  /** Discard requests submitted. */
  public long discards() {
    return discards.sum();
  }

  /** Bytes asked for by reads. */
  public long bytesRead() {
    return bytesRead.sum();
  }

  /** Bytes handed over by writes. */
  public long bytesWritten() {
    return bytesWritten.sum();
  }

  @Override
  public boolean peek(long deviceOffset, MemorySegment to) {
    return delegate.peek(deviceOffset, to);
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
    count(io); // first: the request may be complete, and read by a test, before submit returns
    delegate.submit(io);
  }

  @Override
  public void run(Io io) throws IOException {
    // Counted first: a failed request was submitted too. Passed on as run, to keep the caller's
    // thread.
    check(io);
    count(io);
    delegate.run(io);
  }

  @Override
  public void close() throws IOException {
    delegate.close();
  }
}
