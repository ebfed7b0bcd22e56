package io.faultline.engine.volume;

import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.device.DeviceCapabilities;
import io.faultline.engine.device.Io;
import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockWait;
import io.faultline.engine.runtime.Barrier;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The image with its flushes shared: whoever needs one joins the next that begins after the call.
 * None is issued when nothing was written since the last. A failed flush is final: what it should
 * have made durable may be lost, and a later success would hide that.
 */
public final class FlushingDevice implements BlockDevice {
  private final BlockDevice image;

  /**
   * Writes that have completed; only those count for a flush that begins now. The first stands for
   * what a process that was killed wrote and did not flush: it can be read, so whoever syncs it now
   * must find it behind a power cut.
   */
  private final AtomicLong written = new AtomicLong(Barrier.REOPENED_IMAGE_FLUSH.omitted() ? 0 : 1);

  public final LongAdder flushes = new LongAdder();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition ended = lock.newCondition();
  // Guarded by lock.
  private boolean running;
  private long flushedUpTo;
  private @Nullable IOException failure;

  FlushingDevice(BlockDevice image) {
    this.image = image;
  }

  @Override
  public boolean peek(long deviceOffset, MemorySegment to) {
    return image.peek(deviceOffset, to);
  }

  @Override
  public long sizeBytes() {
    return image.sizeBytes();
  }

  @Override
  public DeviceCapabilities capabilities() {
    return image.capabilities();
  }

  @Override
  public void submit(Io io) {
    image.submit(io);
  }

  @Override
  public void run(Io io) throws IOException {
    LockOrder.waits(LockWait.DEVICE);
    try {
      image.run(io);
    } finally {
      if (io.op() == Io.Op.WRITE) {
        // Failed writes too: they may have reached the device in part.
        written.incrementAndGet();
      }
    }
  }

  /**
   * Starts all of {@code writes}, for a caller who then waits for each: so the last is done on its
   * own thread, which spares that of the device.
   */
  void submitAll(List<Io> writes) {
    int others = writes.size() - (Barrier.WRITEBACK_IO_WAIT.omitted() ? 0 : 1);
    for (Io write : writes.subList(0, others)) {
      image.submit(write);
    }
    for (Io last : writes.subList(others, writes.size())) {
      try {
        image.run(last);
      } catch (IOException e) {
        // The request keeps it for whoever waits.
      }
    }
  }

  /** Waits for a submitted write. */
  void await(Io write) throws IOException {
    LockOrder.waits(LockWait.DEVICE);
    try {
      write.await();
    } finally {
      written.incrementAndGet();
    }
  }

  /** Image writes that have completed. */
  long writesDone() {
    return written.get();
  }

  /** Of those, how many a flush has covered. */
  long writesFlushed() {
    lock.lock();
    try {
      return flushedUpTo;
    } finally {
      lock.unlock();
    }
  }

  /** Makes durable what was written before this call. */
  public void flushWritten() throws IOException {
    flushWritten(written.get());
  }

  /**
   * Makes durable the first {@code need} writes, as {@link #writesDone} counts them; does nothing
   * if a flush has covered them since.
   */
  void flushWritten(long need) throws IOException {
    LockOrder.waits(LockWait.FLUSH);
    lock.lock();
    try {
      for (; ; ) {
        if (failure != null) {
          throw new IOException("the image could not be flushed: " + failure.getMessage(), failure);
        }
        if (flushedUpTo >= need) {
          return;
        }
        if (!running) {
          break;
        }
        ended.awaitUninterruptibly();
      }
      running = true;
    } finally {
      lock.unlock();
    }
    long covers = written.get();
    IOException problem = new IOException("the flush did not end");
    LockOrder.owes(LockWait.FLUSH);
    try {
      flushes.increment();
      LockOrder.waits(LockWait.DEVICE);
      image.run(Io.flush());
      problem = null;
    } catch (IOException e) {
      problem = e;
    } finally {
      LockOrder.paid(LockWait.FLUSH);
      lock.lock();
      try {
        running = false;
        if (problem == null) {
          flushedUpTo = covers;
        } else {
          failure = problem;
        }
        ended.signalAll();
      } finally {
        lock.unlock();
      }
    }
    if (problem != null) {
      throw new IOException("the image could not be flushed: " + problem.getMessage(), problem);
    }
  }

  @Override
  public void close() throws IOException {
    image.close();
  }
}
