package io.faultline.soak.price;

import io.faultline.engine.lock.LockCounters;
import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.MappingLock;
import java.util.Arrays;

/** What the mapping lock alone costs: taken and given back by one thread, nobody else there. */
final class LockCost {
  private static final int TURNS = 200_000;
  private static final long INO = 1;

  private final MappingLock lock = new MappingLock(INO, new LockCounters());

  // Written by the callback of the exclusive, so that the JIT cannot drop it.
  private long granted;

  /**
   * Median, smallest and largest of some rounds.
   *
   * @param sharedNanos an acquire and release, as a fill does it
   * @param exclusiveNanos an asynchronous acquire and release, as truncate does it
   */
  record Cost(Spread sharedNanos, Spread exclusiveNanos) {}

  /** Measures after two rounds that are thrown away. */
  static Cost measure(int rounds) {
    LockCost cost = new LockCost();
    double[] shared = new double[rounds + 2];
    double[] exclusive = new double[rounds + 2];
    for (int i = 0; i < shared.length; i++) {
      shared[i] = cost.shared();
      exclusive[i] = cost.exclusive();
    }
    if (cost.granted != (long) shared.length * TURNS) {
      throw new IllegalStateException(cost.granted + " grants of the exclusive");
    }
    return new Cost(
        Spread.of(Arrays.copyOfRange(shared, 2, shared.length)),
        Spread.of(Arrays.copyOfRange(exclusive, 2, exclusive.length)));
  }

  private double shared() {
    long began = System.nanoTime();
    for (int i = 0; i < TURNS; i++) {
      lock.lockShared();
      lock.unlockShared();
    }
    return (double) (System.nanoTime() - began) / TURNS;
  }

  private double exclusive() {
    long began = System.nanoTime();
    for (int i = 0; i < TURNS; i++) {
      lock.lockExclusiveAsync(() -> granted++);
      LockOrder.adopt(lock.rank(), INO);
      lock.unlockExclusive();
    }
    return (double) (System.nanoTime() - began) / TURNS;
  }
}
