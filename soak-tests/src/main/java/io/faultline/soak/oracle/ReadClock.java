package io.faultline.soak.oracle;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The one order of a run: mutations take a tick when they begin and one when they end, reads only
 * look at the clock. It also knows the oldest read still under way, so that files can forget what
 * no read can see any more. Thread-safe; a read costs one CAS on a slot of its own.
 */
public final class ReadClock {

  /** Most reads under way at one time, all files together. */
  public static final int READS_MAX = 2048;

  /** Longs between two slots, so that readers do not share cache lines. */
  private static final int STRIDE = 8;

  /**
   * A read under way.
   *
   * @param start every mutation that ended at or before this tick was over before the read began
   * @param slot where the clock remembers the read
   */
  public record ReadTicket(long start, int slot) {}

  private final AtomicLong now = new AtomicLong(1);
  private final AtomicLongArray starts = new AtomicLongArray(READS_MAX * STRIDE);

  /** A new tick, greater than all before. */
  long tick() {
    return now.incrementAndGet();
  }

  /** The latest tick. */
  long now() {
    return now.get();
  }

  /**
   * Begins a read.
   *
   * <p>The slot is claimed before the start is sampled: who computes {@link #oldestStart} without
   * seeing the slot sampled the clock earlier than this read does.
   *
   * @throws IllegalStateException when {@link #READS_MAX} reads are under way
   */
  ReadTicket begin() {
    int home = (int) ((Thread.currentThread().threadId() * 0x9E37_79B9L) >>> 8);
    for (int probe = 0; probe < READS_MAX; probe++) {
      int slot = Math.floorMod(home + probe, READS_MAX);
      if (starts.get(slot * STRIDE) == 0 && starts.compareAndSet(slot * STRIDE, 0, now.get())) {
        return new ReadTicket(now.get(), slot);
      }
    }
    throw new IllegalStateException("more than " + READS_MAX + " reads under way");
  }

  /** Ends a read. */
  void end(ReadTicket ticket) {
    if (starts.getAndSet(ticket.slot() * STRIDE, 0) == 0) {
      throw new IllegalStateException("read ended twice: " + ticket);
    }
  }

  /** No read under way, and none that will begin, started before this tick. */
  long oldestStart() {
    long oldest = now.get();
    for (int slot = 0; slot < READS_MAX; slot++) {
      long start = starts.get(slot * STRIDE);
      if (start != 0 && start < oldest) {
        oldest = start;
      }
    }
    return oldest;
  }
}
