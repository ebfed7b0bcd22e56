package io.faultline.engine.volume;

import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockRank;
import io.faultline.engine.lock.LockRole;
import io.faultline.engine.namespace.StateLocks;
import io.faultline.engine.runtime.Checks;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The inode-state locks of a volume (rule R7), striped by inode number so that an inode at rest
 * costs none. Several are taken in ascending order of their stripes, which is one order for all.
 */
final class StripedStateLocks {
  private static final int STRIPES = 1_024;

  /** Asked with checks on only: what an inode is, for the graph of lock orders. */
  private final LongFunction<LockRole> role;

  /** Made when first taken: most volumes use few. */
  private final AtomicReferenceArray<@Nullable ReentrantLock> locks =
      new AtomicReferenceArray<>(STRIPES);

  StripedStateLocks(LongFunction<LockRole> role) {
    this.role = role;
  }

  private ReentrantLock stripe(int s) {
    ReentrantLock known = locks.get(s);
    if (known != null) {
      return known;
    }
    ReentrantLock made = new ReentrantLock();
    ReentrantLock other = locks.compareAndExchange(s, null, made);
    return other == null ? made : other;
  }

  /** Takes the locks of {@code inos}. */
  StateLocks lock(long... inos) {
    int[] stripes = new int[inos.length];
    for (int i = 0; i < inos.length; i++) {
      stripes[i] = (int) (inos[i] & (STRIPES - 1));
    }
    if (!Mutant.B12_INODES_UNORDERED.on()) {
      Arrays.sort(stripes);
    }
    int distinct = 0;
    for (int i = 0; i < stripes.length; i++) {
      if (i == 0 || stripes[i] != stripes[i - 1]) {
        stripes[distinct++] = stripes[i];
      }
    }
    int count = distinct;
    for (int i = 0; i < count; i++) {
      if (Checks.ON) {
        LockOrder.acquired(LockRank.INODE_STATE, role.apply(anyOf(stripes[i], inos)), stripes[i]);
      }
      stripe(stripes[i]).lock();
      if (Mutant.B12_INODES_UNORDERED.on()) {
        Yield.at(YieldPoint.SPIN);
      }
    }
    return () -> {
      for (int i = count - 1; i >= 0; i--) {
        stripe(stripes[i]).unlock();
        LockOrder.released(LockRank.INODE_STATE, stripes[i]);
      }
    };
  }

  private static long anyOf(int stripe, long[] inos) {
    for (long ino : inos) {
      if ((ino & (STRIPES - 1)) == stripe) {
        return ino;
      }
    }
    throw new IllegalArgumentException("no inode has stripe " + stripe);
  }

  /** Whether the current thread holds the lock of {@code ino}. */
  boolean held(long ino) {
    return stripe((int) (ino & (STRIPES - 1))).isHeldByCurrentThread();
  }
}
