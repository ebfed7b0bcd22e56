package io.faultline.bench;

import io.faultline.engine.lock.LockCounters;
import io.faultline.engine.lock.MappingLock;
import java.io.IOException;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.concurrent.locks.StampedLock;

/**
 * The mapping lock taken shared and let go, by itself, and what the JDK has for it.
 *
 * @param threads how many do so with one lock
 */
record Locking(int threads) implements Work {
  private static final int BATCH = 1024;

  @Override
  public Session prepare(Target target) {
    MappingLock mapping = new MappingLock(1, new LockCounters());
    ReentrantReadWriteLock.ReadLock read = new ReentrantReadWriteLock().readLock();
    StampedLock stamped = new StampedLock();
    Lanes.Lane ours =
        () -> {
          for (int i = 0; i < BATCH; i++) {
            mapping.lockShared();
            mapping.unlockShared();
          }
          return BATCH;
        };
    Lanes.Lane readWrite =
        () -> {
          int held = 0;
          for (int i = 0; i < BATCH; i++) {
            read.lock();
            try {
              held++;
            } finally {
              read.unlock();
            }
          }
          return held;
        };
    Lanes.Lane stamps =
        () -> {
          for (int i = 0; i < BATCH; i++) {
            stamped.unlockRead(stamped.readLock());
          }
          return BATCH;
        };
    return new Session() {
      @Override
      public Map<String, Double> measure(int millis) throws IOException {
        Map<String, Double> figures = new HashMap<>();
        figures.put("ns", time(ours, millis));
        figures.put("readWriteLock", time(readWrite, millis));
        figures.put("stampedLock", time(stamps, millis));
        return figures;
      }

      @Override
      public void close() {}
    };
  }

  private double time(Lanes.Lane lane, int millis) throws IOException {
    return Lanes.run(Math.max(1, millis / 3), Collections.nCopies(threads, lane)).nanos();
  }
}
