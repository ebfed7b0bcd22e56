package io.faultline.engine.pagecache;

import static io.faultline.engine.pagecache.FramePool.PAGE_BYTES;
import static io.faultline.engine.pagecache.FramePool.PAGE_SHIFT;

import io.faultline.engine.device.Io;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockRank;
import io.faultline.engine.pagecache.PageTable.Leaf;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.StateChange;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * What a destroyer does to the cache. Every method asserts that the mapping lock is held exclusive:
 * the assert that the series of 2021 announced for "when all filesystems are converted".
 */
public final class Invalidator {
  private final PageCache cache;
  private final Filler filler;

  Invalidator(PageCache cache, Filler filler) {
    this.cache = cache;
    this.filler = filler;
  }

  private void requireExclusive(Mapping m, long from, long to, String what) {
    if (!cache.destroyersUnlocked()) {
      LockOrder.assertHeldExclusive(m.lock, from, to, what);
    }
  }

  /**
   * Takes the pages {@code [from, to)} out of the cache, dirty data and reservations included.
   * Waits for fills and writeback in flight; since no page can be created meanwhile, one pass is
   * enough (Linux {@code truncate_inode_pages_range} repeats because some callers lack the lock).
   */
  public void discard(Mapping m, long from, long to) {
    requireExclusive(m, from, to, "discard");
    for (Leaf leaf = m.table.ceiling(from); leaf != null && leaf.firstPage < to; ) {
      long first = Math.max(from, leaf.firstPage);
      long last = Math.min(to, leaf.firstPage + PageTable.LEAF_SLOTS);
      // From the end, so that their frames are taken again in the pages' order (FramePool).
      for (long page = last - 1; page >= first; page--) {
        discardPage(m, leaf, page);
      }
      if (leaf.resident.get() == 0) {
        m.table.tryUnlink(leaf);
      }
      leaf = m.table.ceiling(leaf.firstPage + PageTable.LEAF_SLOTS);
    }
    Yield.at(YieldPoint.DESTROY_EVICTED, m.ino(), from);
  }

  private void discardPage(Mapping m, Leaf leaf, long page) {
    int i = Leaf.index(page);
    boolean wasFilling = false;
    for (; ; ) {
      long word = leaf.get(i);
      if (SlotWord.isDead(word) || word == SlotWord.ofVersion(SlotWord.version(word))) {
        return;
      }
      long busy = word & (SlotWord.LOCK | SlotWord.WRITEBACK);
      if (busy != 0) {
        if (Mutant.R6_DISCARD_SKIPS_BUSY.on()) {
          return;
        }
        wasFilling |= !SlotWord.is(word, SlotWord.UPTODATE);
        cache.waits.await(leaf, i, busy);
        continue;
      }
      if (!leaf.cas(i, word, SlotWord.emptied(word))) {
        continue;
      }
      Yield.note(StateChange.PAGE_EVICTED, m.ino(), page);
      if (SlotWord.is(word, SlotWord.DIRTY)) {
        cache.becameClean(m, leaf);
        cache.counters.pagesDropped.increment();
      }
      if (SlotWord.is(word, SlotWord.RESERVED)) {
        unreserve(m);
      }
      if (SlotWord.frame(word) != 0) {
        if (wasFilling) {
          cache.counters.evictedUnderFill.increment();
        }
        cache.supply.detached(leaf, SlotWord.frame(word));
      }
      return;
    }
  }

  private static void unreserve(Mapping m) {
    if (!Mutant.R20_DISCARD_KEEPS_RESERVATION.on()) {
      m.reserved.decrement();
      m.backing.unreserve();
    }
  }

  /**
   * Zeroes the bytes {@code [from, to)} of {@code page}, on the device too if a block is written
   * there (rule R4). If that fails nothing has changed for a reader.
   *
   * @param whileLocked runs once the bytes are zero, under the page's LOCK if the page is cached:
   *     no store comes between
   */
  public void zeroEdge(Mapping m, long page, int from, int to, Runnable whileLocked)
      throws IOException {
    requireExclusive(m, page, page + 1, "zeroing an edge");
    // Before LOCK: whoever frees frames may have to wait for this page (rule R21).
    int bounce = cache.supply.take(true);
    try {
      for (; ; ) {
        Leaf leaf = m.table.find(page);
        int i = Leaf.index(page);
        long word = leaf == null ? 0 : leaf.get(i);
        if (SlotWord.isDead(word)) {
          Yield.at(YieldPoint.SPIN);
          Thread.onSpinWait();
          continue;
        }
        long busy = word & (SlotWord.LOCK | SlotWord.WRITEBACK);
        if (leaf != null && busy != 0) {
          cache.waits.await(leaf, i, busy);
          continue;
        }
        if (SlotWord.frame(word) == 0) {
          Extent extent = m.backing.lookup(page);
          if (!extent.isWritten()) {
            // Zeros already, and the exclusive hold keeps everybody from making the page.
            whileLocked.run();
            return;
          }
          insertForEdge(m, page, extent);
          continue;
        }
        if (leaf != null && leaf.cas(i, word, word | SlotWord.LOCK)) {
          LockOrder.acquired(LockRank.SLOT, page);
          zeroLocked(m, page, leaf, word, bounce, from, to, whileLocked);
          return;
        }
      }
    } finally {
      cache.supply.give(bounce);
    }
  }

  private void zeroLocked(
      Mapping m,
      long page,
      Leaf leaf,
      long word,
      int bounce,
      int from,
      int to,
      Runnable whileLocked)
      throws IOException {
    Yield.at(YieldPoint.DESTROY_EDGES, m.ino(), page);
    boolean zeroed = false;
    try {
      writeThrough(m, page, word, bounce, from, to);
      cache
          .pool
          .memory()
          .asSlice(FramePool.offset(SlotWord.frame(word)) + from, to - from)
          .fill((byte) 0);
      zeroed = true;
      whileLocked.run();
    } finally {
      boolean dirties = !zeroed && !SlotWord.is(word, SlotWord.DIRTY);
      if (dirties) {
        // The block may be torn; the frame still has the old bytes. Writing them again mends it.
        cache.becameDirty(m, leaf);
      }
      cache.waits.update(leaf, Leaf.index(page), dirties ? SlotWord.DIRTY : 0, SlotWord.LOCK, true);
      LockOrder.released(LockRank.SLOT, page);
    }
  }

  /**
   * Writes the page as it will be, from a frame of its own, so that a failure leaves it as it was.
   */
  private void writeThrough(Mapping m, long page, long word, int bounce, int from, int to)
      throws IOException {
    // Looked up under LOCK without WRITEBACK: only that pins what writeback may just have mapped.
    Extent extent = m.backing.lookup(page);
    if (!extent.isWritten() || Mutant.R4_EDGE_NOT_WRITTEN.on()) {
      return;
    }
    MemorySegment memory = cache.pool.memory();
    long source = FramePool.offset(SlotWord.frame(word));
    long target = FramePool.offset(bounce);
    MemorySegment.copy(memory, source, memory, target, PAGE_BYTES);
    memory.asSlice(target + from, to - from).fill((byte) 0);
    cache.device.run(
        Io.write(extent.physicalOf(page) << PAGE_SHIFT, memory, new long[] {target}, 1));
  }

  /** Brings an edge page in; the exclusive hold stands in for a fill's shared one. */
  private void insertForEdge(Mapping m, long page, Extent extent) throws IOException {
    int frame = cache.supply.take(true);
    Leaf leaf = m.table.findOrCreate(page);
    int i = Leaf.index(page);
    long word = leaf.get(i);
    if (SlotWord.frame(word) != 0
        || SlotWord.is(word, SlotWord.LOCK)
        || !leaf.cas(i, word, SlotWord.filling(word, frame))) {
      cache.supply.give(frame);
      return;
    }
    LockOrder.acquired(LockRank.SLOT, page);
    leaf.resident.incrementAndGet();
    cache.pool.own(frame, leaf, i);
    boolean filled = false;
    try {
      filler.readInto(m, page, frame, extent);
      filled = true;
    } finally {
      LockOrder.released(LockRank.SLOT, page);
      if (filled) {
        cache.supply.inserted(frame, true, true);
        cache.waits.update(leaf, i, SlotWord.UPTODATE, SlotWord.LOCK, false);
      } else {
        cache.waits.replace(leaf, i, SlotWord.emptied(leaf.get(i)));
        cache.supply.detached(leaf, frame);
      }
    }
  }
}
