package io.faultline.engine.pagecache;

import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockRank;
import io.faultline.engine.lock.LockWait;
import io.faultline.engine.pagecache.PageTable.Leaf;
import io.faultline.engine.runtime.Checks;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Where threads wait for a slot's LOCK or WRITEBACK to clear, hashed by slot. A waiter sets WAITERS
 * in the word before it parks; whoever clears LOCK or WRITEBACK and saw WAITERS clears it too and
 * wakes them all (rule R6).
 */
final class SlotWaits {
  private static final int STRIPES = 256;
  private static final int SPINS = 64;

  /** Made when the first thread has to wait there; few ever are. */
  private final AtomicReferenceArray<@Nullable Stripe> stripes =
      new AtomicReferenceArray<>(STRIPES);

  private final int spins;

  private static final class Stripe {
    final ReentrantLock lock = new ReentrantLock();
    final List<Waiter> waiters = new ArrayList<>(4);
  }

  private static final class Waiter {
    final Thread thread = Thread.currentThread();
    final Leaf leaf;
    final int index;
    volatile boolean woken;

    Waiter(Leaf leaf, int index) {
      this.leaf = leaf;
      this.index = index;
    }
  }

  SlotWaits() {
    // In simulation nobody else runs meanwhile.
    this(Yield.SIMULATION ? 0 : SPINS);
  }

  /** Looks {@code spins} times before it parks; a test that is to see parked threads asks for 0. */
  SlotWaits(int spins) {
    this.spins = spins;
  }

  private Stripe stripe(Leaf leaf, int index) {
    int hash = System.identityHashCode(leaf) * 31 + index;
    int at = (hash ^ hash >>> 8) & (STRIPES - 1);
    Stripe known = stripes.get(at);
    if (known != null) {
      return known;
    }
    Stripe made = new Stripe();
    Stripe other = stripes.compareAndExchange(at, null, made);
    return other == null ? made : other;
  }

  /**
   * Returns once none of {@code flags} (of LOCK and WRITEBACK) was set in the word at some moment
   * after the call, or the slot is dead. Not interruptible; an interrupt is kept.
   */
  void await(Leaf leaf, int index, long flags) {
    if (Checks.ON) {
      if (SlotWord.is(flags, SlotWord.WRITEBACK)) {
        LockOrder.waits(LockWait.WRITEBACK);
      }
      if (SlotWord.is(flags, SlotWord.LOCK)) {
        LockOrder.waits(LockRank.SLOT, leaf.firstPage + index);
      }
    }
    Yield.at(YieldPoint.SLOT_WAIT, leaf.firstPage + index, flags);
    for (int spin = 0; spin < spins; spin++) {
      if (!SlotWord.is(leaf.get(index), flags)) {
        return;
      }
      Thread.onSpinWait();
    }
    // Whoever clears one of the two flags wakes all, also those who wait for the other.
    boolean interrupted = false;
    for (Waiter waiter = enqueue(leaf, index, flags);
        waiter != null;
        waiter = enqueue(leaf, index, flags)) {
      while (!waiter.woken) {
        LockSupport.park(this);
        interrupted |= Thread.interrupted();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Queues the current thread; null if there is nothing to wait for. */
  private @Nullable Waiter enqueue(Leaf leaf, int index, long flags) {
    Stripe stripe = stripe(leaf, index);
    stripe.lock.lock();
    try {
      for (; ; ) {
        long word = leaf.get(index);
        if (!SlotWord.is(word, flags) || SlotWord.isDead(word)) {
          return null;
        }
        if (SlotWord.is(word, SlotWord.WAITERS) || leaf.cas(index, word, word | SlotWord.WAITERS)) {
          break;
        }
      }
      Waiter waiter = new Waiter(leaf, index);
      stripe.waiters.add(waiter);
      return waiter;
    } finally {
      stripe.lock.unlock();
    }
  }

  /** Wakes whoever waits for this slot; the caller cleared WAITERS. */
  void wake(Leaf leaf, int index) {
    Stripe stripe = stripe(leaf, index);
    List<Waiter> woken = new ArrayList<>(2);
    stripe.lock.lock();
    try {
      stripe.waiters.removeIf(
          w -> {
            boolean here = w.leaf == leaf && w.index == index;
            if (here) {
              woken.add(w);
            }
            return here;
          });
    } finally {
      stripe.lock.unlock();
    }
    for (Waiter w : woken) {
      w.woken = true;
      LockSupport.unpark(w.thread);
    }
  }

  /**
   * Clears {@code clear}, sets {@code set}, optionally moves the version, clears WAITERS and wakes.
   * The caller owns LOCK or WRITEBACK, whichever it clears.
   *
   * @return the word as it was
   */
  long update(Leaf leaf, int index, long set, long clear, boolean moveVersion) {
    for (; ; ) {
      long word = leaf.get(index);
      long next = (word | set) & ~(clear | SlotWord.WAITERS);
      if (moveVersion) {
        next = SlotWord.nextVersion(next);
      }
      if (leaf.cas(index, word, next)) {
        if (SlotWord.is(word, SlotWord.WAITERS)) {
          wake(leaf, index);
        }
        return word;
      }
    }
  }

  /** Replaces the whole word of a slot whose LOCK the caller owns, and wakes. */
  long replace(Leaf leaf, int index, long next) {
    for (; ; ) {
      long word = leaf.get(index);
      if (leaf.cas(index, word, next)) {
        if (SlotWord.is(word, SlotWord.WAITERS)) {
          wake(leaf, index);
        }
        return word;
      }
    }
  }
}
