package io.faultline.engine.extent;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The blocks that may still be promised: free blocks less those already reserved for dirty pages
 * (delayed allocation, rule R20). Striped, so that writers of different files do not share one hot
 * word; exact when it counts, that is before "no space" is answered.
 *
 * <p>Thread-safe. A stripe keeps at most {@value #CREDIT} blocks of its own; what is missing is
 * taken from the others under the monitor, so no block is ever promised twice and a refusal is
 * never wrong by what other stripes held when it was decided.
 */
public final class SpaceCounter {
  private static final int STRIPES = 16;

  /** Longs between two stripes: two cache lines, against adjacent-line prefetch. */
  private static final int STRIDE = 16;

  private static final long CREDIT = 256;

  private final AtomicLongArray credits = new AtomicLongArray((STRIPES + 1) * STRIDE);
  private long common;

  public SpaceCounter(long blocks) {
    common = blocks;
  }

  /** Takes {@code blocks}, all or none; false if the volume cannot give them now. */
  public boolean tryTake(long blocks) {
    int stripe = stripe();
    for (; ; ) {
      long credit = credits.get(stripe);
      if (credit < blocks) {
        return takeSlowly(stripe, blocks);
      }
      if (credits.compareAndSet(stripe, credit, credit - blocks)) {
        return true;
      }
    }
  }

  private synchronized boolean takeSlowly(int stripe, long blocks) {
    if (common < blocks) {
      for (int s = 1; s <= STRIPES; s++) {
        common += credits.getAndSet(s * STRIDE, 0);
      }
    }
    if (common < blocks) {
      return false;
    }
    common -= blocks;
    // Credit is only for small takes while plenty is left; near full every block stays in sight.
    if (common > CREDIT * STRIPES * 4) {
      common -= CREDIT;
      credits.addAndGet(stripe, CREDIT);
    }
    return true;
  }

  /** Gives {@code blocks} back. */
  public synchronized void give(long blocks) {
    common += blocks;
  }

  /** What could be promised now; exact when nobody takes or gives meanwhile. */
  public synchronized long available() {
    long sum = common;
    for (int s = 1; s <= STRIPES; s++) {
      sum += credits.get(s * STRIDE);
    }
    return sum;
  }

  private static int stripe() {
    // Thread ids are consecutive: the low bits spread neighbours over the stripes.
    return (1 + (int) (Thread.currentThread().threadId() & (STRIPES - 1))) * STRIDE;
  }
}
