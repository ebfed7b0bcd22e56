package io.faultline.bench;

import io.faultline.engine.lock.LockCounters;
import io.faultline.engine.lock.MappingLock;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.concurrent.locks.StampedLock;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A lock taken shared and let go: the mapping lock, and what the JDK has for it. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@NullUnmarked // JMH makes it and sets it up
public class SharedLocks {
  /** Of the JDK, by their names in rows. */
  static final String READ_WRITE_LOCK = "rwlock";

  static final String STAMPED_LOCK = "stamped";

  /** Whose lock. */
  @Param("")
  public String target;

  private Runnable pass;

  /** For JMH. */
  public SharedLocks() {}

  /** Makes the lock. */
  @Setup
  public void make() {
    pass =
        switch (target) {
          case Targets.ENGINE -> pass(new MappingLock(1, new LockCounters()));
          case READ_WRITE_LOCK -> pass(new ReentrantReadWriteLock().readLock());
          case STAMPED_LOCK -> pass(new StampedLock());
          default -> throw new IllegalArgumentException("no lock " + target);
        };
  }

  private static Runnable pass(MappingLock lock) {
    return () -> {
      lock.lockShared();
      lock.unlockShared();
    };
  }

  @SuppressWarnings("LockNotBeforeTry") // nothing happens under it
  private static Runnable pass(ReentrantReadWriteLock.ReadLock lock) {
    return () -> {
      lock.lock();
      lock.unlock();
    };
  }

  private static Runnable pass(StampedLock lock) {
    return () -> lock.unlockRead(lock.readLock());
  }

  /** Measured: taken and let go. */
  @Benchmark
  public void pass() {
    pass.run();
  }
}
