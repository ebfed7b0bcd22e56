package io.faultline.engine.pagecache;

import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockWait;
import io.faultline.engine.pagecache.PageTable.Leaf;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.StateChange;
import io.faultline.engine.runtime.Yield;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * Where free frames come from: the pool, then clean pages in the order of the {@link
 * EvictionPolicy}, then, if all others are dirty, the end of some writeback, which is asked for and
 * waited for. The last {@link #RESERVE} free frames are for destroyers (rule R21).
 *
 * <p>Locks: the policy is guarded by {@code queues}, a leaf mutex held for at most {@link
 * EvictionPolicy#STEPS_MAX} looks at pages, each at most one CAS that is never waited for. No yield
 * point is reached under it, so in simulation it is never contended. A page is queued under its
 * LOCK and not before its frame's owner is written, and leaves the queues before its frame is free,
 * so whatever the policy looks at has, or a moment ago had, the page that was queued.
 *
 * <p>Thread-safe. What may wait says so.
 */
final class FrameSupply {
  /** Frames that only destroyers may take. */
  static final int RESERVE = 16;

  /** Pages evicted at a time, if not more are wanted: the mutex is taken once for all. */
  private static final int BATCH_MAX = 16;

  private final FramePool pool;
  private final CacheCounters counters;
  private final Runnable wantsWriteback;
  private final int batch;
  private final ReentrantLock queues = new ReentrantLock();

  /** Guarded by queues. */
  private final EvictionPolicy policy;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition progress = lock.newCondition();
  private final AtomicInteger waiters = new AtomicInteger();

  /** Guarded by lock. */
  private long progressCount;

  FrameSupply(FramePool pool, CacheCounters counters, Runnable wantsWriteback) {
    this.pool = pool;
    this.counters = counters;
    this.wantsWriteback = wantsWriteback;
    this.batch = Math.clamp(pool.frames() / 1_024, 1, BATCH_MAX);
    this.policy = new EvictionPolicy(pool.frames(), new SlotPages(), pool.words());
  }

  // Taking and giving.

  /**
   * A free frame; evicts, and waits for writeback if all pages are dirty. No lock of a file may be
   * held, except by destroyers, who draw on the reserve.
   */
  int take(boolean destroyer) {
    int kept = kept(destroyer);
    for (; ; ) {
      int frame = tryTake(destroyer);
      if (frame != 0) {
        return frame;
      }
      wantsWriteback.run();
      LockOrder.waits(LockWait.FRAME);
      awaitProgress(() -> pool.free() > kept || evictSome(1));
    }
  }

  /** A free frame, or 0 when that would take waiting. */
  int tryTake(boolean destroyer) {
    int[] one = new int[1];
    return tryTake(one, 0, 1, destroyer) == 0 ? 0 : one[0];
  }

  /**
   * Up to {@code count} free frames, without waiting, the fewer the more of them are in use. Pages
   * that were brought in together leave their queue together, so the frames lie side by side if
   * those of such pages did: a file read in order is copied from memory in order.
   *
   * @param out receives them from index {@code at} on
   * @return how many
   */
  int tryTake(int[] out, int at, int count, boolean destroyer) {
    int kept = kept(destroyer);
    int taken = 0;
    while (taken < count) {
      int more = pool.poll(out, at + taken, count - taken, kept);
      taken += more;
      if (more == 0 && !evictSome(count - taken)) {
        break;
      }
    }
    return taken;
  }

  private static int kept(boolean destroyer) {
    return destroyer && !Mutant.R21_NO_FRAME_RESERVE.on() ? 0 : RESERVE;
  }

  /** Takes back a frame that no slot has. */
  void give(int frame) {
    give(new int[] {frame}, 0, 1);
  }

  /** Takes back {@code frames[from, to)}. */
  void give(int[] frames, int from, int to) {
    pool.give(frames, from, to);
    progressed();
  }

  /** Something became evictable, free, or clean. */
  void progressed() {
    if (waiters.get() > 0) {
      lock.lock();
      try {
        progressCount++;
        progress.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /** Waits until {@link #progressed} is called, or returns at once if {@code enough} says so. */
  void awaitProgress(BooleanSupplier enough) {
    lock.lock();
    try {
      waiters.incrementAndGet();
      // Looked at again after the count is visible: progress made before that was not signalled.
      long seen = progressCount;
      while (seen == progressCount && !enough.getAsBoolean()) {
        progress.awaitUninterruptibly();
      }
    } finally {
      waiters.decrementAndGet();
      lock.unlock();
    }
  }

  // The queues.

  /**
   * The page of {@code frame}, whose LOCK the caller holds, is filled.
   *
   * @param asked whether somebody asked for it, rather than for one before it
   * @param used whether he uses it now
   */
  void inserted(int frame, boolean asked, boolean used) {
    queues.lock();
    try {
      policy.inserted(frame, asked, used);
    } finally {
      queues.unlock();
    }
  }

  /** As {@link #inserted}, for the pages that one fill brought in. */
  void inserted(Iterable<Filler.Filled> pages) {
    queues.lock();
    try {
      for (Filler.Filled page : pages) {
        policy.inserted(page.frame(), page.asked(), page.used());
      }
    } finally {
      queues.unlock();
    }
  }

  /** The pages that these frames had a moment ago are written back. */
  void cleaned(Iterable<Integer> frames) {
    queues.lock();
    try {
      frames.forEach(policy::cleaned);
    } finally {
      queues.unlock();
    }
    progressed();
  }

  /** {@code frame}'s slot has lost it, by a CAS of the caller's. */
  void detached(Leaf leaf, int frame) {
    queues.lock();
    try {
      policy.removed(frame);
    } finally {
      queues.unlock();
    }
    left(leaf);
    give(frame);
  }

  private static void left(Leaf leaf) {
    if (leaf.resident.decrementAndGet() == 0) {
      leaf.table.tryUnlink(leaf);
    }
  }

  /** Whether frames became free, or may if this is called again. */
  private boolean evictSome(int wanted) {
    int max = Math.max(batch, wanted);
    int[] victims = new int[max];
    int found;
    queues.lock();
    try {
      found = policy.evict(victims, max);
    } finally {
      queues.unlock();
    }
    for (int k = 0; k < found; k++) {
      left(pool.leaf(victims[k]));
    }
    if (found > 0) {
      give(victims, 0, found);
    }
    return found != EvictionPolicy.NOTHING;
  }

  /** Evicts the page in {@code frame} if it is clean and nobody has it locked. */
  void evict(int frame) {
    Leaf leaf = pool.leafOrNull(frame);
    if (leaf != null) {
      // Where these two do not belong together the slot has another frame, or none.
      evict(leaf, pool.index(frame), frame);
    }
  }

  /** The same if slot {@code i} of {@code leaf} has {@code frame}. */
  void evict(Leaf leaf, int i, int frame) {
    if (attempt(leaf, i, frame, false) == EvictionPolicy.Pages.Answer.EVICTED) {
      detached(leaf, frame);
    }
  }

  private EvictionPolicy.Pages.Answer attempt(Leaf leaf, int i, int frame, boolean spare) {
    for (; ; ) {
      long word = leaf.get(i);
      if (SlotWord.frame(word) != frame || SlotWord.isDead(word)) {
        return EvictionPolicy.Pages.Answer.GONE;
      }
      if (SlotWord.is(word, SlotWord.LOCK)) {
        return EvictionPolicy.Pages.Answer.BUSY;
      }
      long unclean = SlotWord.WRITEBACK | (Mutant.M26_EVICTS_DIRTY.on() ? 0 : SlotWord.DIRTY);
      if (SlotWord.is(word, unclean)) {
        return EvictionPolicy.Pages.Answer.UNCLEAN;
      }
      if (spare && SlotWord.is(word, SlotWord.REF)) {
        if (leaf.cas(i, word, word & ~SlotWord.REF)) {
          return EvictionPolicy.Pages.Answer.REFERENCED;
        }
      } else if (leaf.cas(i, word, SlotWord.emptied(word))) {
        // A clean page needs no lock to go: one CAS, and whoever copies from it re-checks.
        counters.evictions.increment();
        Yield.note(StateChange.PAGE_EVICTED, leaf.table.ino, leaf.firstPage + i);
        return EvictionPolicy.Pages.Answer.EVICTED;
      }
    }
  }

  /** The slots as the policy sees them; called under {@code queues}. */
  private final class SlotPages implements EvictionPolicy.Pages {
    @Override
    public Answer evict(int frame, boolean spareReferenced) {
      return attempt(pool.leaf(frame), pool.index(frame), frame, spareReferenced);
    }

    @Override
    public boolean takeReference(int frame) {
      Leaf leaf = pool.leaf(frame);
      int i = pool.index(frame);
      for (; ; ) {
        long word = leaf.get(i);
        if (SlotWord.frame(word) != frame || !SlotWord.is(word, SlotWord.REF)) {
          return false;
        }
        if (leaf.cas(i, word, word & ~SlotWord.REF)) {
          return true;
        }
      }
    }

    /** By inode number, which outlives the mapping. */
    @Override
    public long identity(int frame) {
      Leaf leaf = pool.leaf(frame);
      long page = leaf.firstPage + pool.index(frame);
      long mixed = (leaf.table.ino << 32 ^ page) * 0x9E3779B97F4A7C15L;
      mixed = (mixed ^ mixed >>> 32) * 0xD6E8FEB86659FD93L;
      return mixed ^ mixed >>> 32;
    }
  }
}
