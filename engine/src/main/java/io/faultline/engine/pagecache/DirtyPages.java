package io.faultline.engine.pagecache;

import static io.faultline.engine.pagecache.FramePool.PAGE_BYTES;
import static io.faultline.engine.pagecache.FramePool.PAGE_SHIFT;

import io.faultline.engine.device.Io;
import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockRank;
import io.faultline.engine.pagecache.PageTable.Leaf;
import io.faultline.engine.runtime.Barrier;
import io.faultline.engine.runtime.StateChange;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writeback's view of the cache (rule R6): under LOCK zero the tail, clear DIRTY, set WRITEBACK,
 * unlock; I/O; publish; WRITEBACK clears last. A page under writeback is neither detached nor its
 * block freed, so a mapping looked up after WRITEBACK was set holds until it clears (invariant I4).
 */
public final class DirtyPages {
  private final PageCache cache;

  DirtyPages(PageCache cache) {
    this.cache = cache;
  }

  /** Consecutive pages under writeback by one owner. */
  public final class Run {
    private final Mapping mapping;
    private final long firstPage;
    private final List<Leaf> leaves = new ArrayList<>();
    private final List<Integer> frames = new ArrayList<>();
    private long end;

    private Run(Mapping mapping, long firstPage) {
      this.mapping = mapping;
      this.firstPage = firstPage;
    }

    public long firstPage() {
      return firstPage;
    }

    public int pages() {
      return leaves.size();
    }

    public long endPage() {
      return firstPage + leaves.size();
    }

    /** isize before the last page was taken; bytes behind it may not be in what is sent. */
    public long sizeSeen() {
      return end;
    }

    /** A request that writes pages {@code [from, to)} of this run to device block {@code block}. */
    public Io write(long from, long to, long block) {
      long[] offsets = new long[(int) (to - from)];
      for (int k = 0; k < offsets.length; k++) {
        offsets[k] = FramePool.offset(frames.get((int) (from - firstPage) + k));
      }
      return Io.write(block << PAGE_SHIFT, cache.pool.memory(), offsets, offsets.length);
    }

    /** Whether {@code page} of this run holds a reservation. */
    public boolean reserved(long page) {
      long word = leaves.get((int) (page - firstPage)).get(Leaf.index(page));
      return SlotWord.is(word, SlotWord.RESERVED);
    }

    /**
     * Pages {@code [from, to)} are on the device and mapped. Their reservations are gone: {@code
     * consumed} says whether blocks were taken for them, otherwise they are given back.
     */
    public void written(long from, long to, boolean consumed) {
      for (long page = from; page < to; page++) {
        clear(page, consumed);
      }
      cache.counters.pagesWritten.add(to - from);
      cache.supply.cleaned(frames.subList((int) (from - firstPage), (int) (to - firstPage)));
    }

    private void clear(long page, boolean consumed) {
      Leaf leaf = leaves.get((int) (page - firstPage));
      long word =
          cache.waits.update(
              leaf, Leaf.index(page), 0, SlotWord.WRITEBACK | SlotWord.RESERVED, false);
      leaf.writeback.getAndDecrement();
      cache.throttle.taken();
      Yield.note(StateChange.PAGE_CLEAN, mapping.ino(), page);
      if (SlotWord.is(word, SlotWord.RESERVED)) {
        mapping.reserved.decrement();
        if (!consumed) {
          mapping.backing.unreserve();
        }
      }
    }

    /**
     * Pages {@code [from, to)} now lie behind the end of file: they are dirty as before, and the
     * truncate that cut them off discards them. Their blocks, if any, must not be mapped.
     */
    public void cutOff(long from, long to) {
      for (long page = from; page < to; page++) {
        Leaf leaf = leaves.get((int) (page - firstPage));
        // Counted first: once WRITEBACK is gone the truncate may discard the page.
        cache.becameDirty(mapping, leaf);
        long word =
            cache.waits.update(leaf, Leaf.index(page), SlotWord.DIRTY, SlotWord.WRITEBACK, false);
        leaf.writeback.getAndDecrement();
        cache.throttle.taken();
        if (SlotWord.is(word, SlotWord.DIRTY)) {
          cache.becameClean(mapping, leaf);
        }
      }
      cache.supply.progressed();
    }

    /**
     * Pages {@code [from, to)} could not be written: they leave the cache, as data knowingly lost,
     * unless newer bytes were put into them meanwhile. Their blocks, if any, must not be mapped.
     */
    public void failed(long from, long to) {
      for (long page = from; page < to; page++) {
        Leaf leaf = leaves.get((int) (page - firstPage));
        int i = Leaf.index(page);
        for (; ; ) {
          long word = leaf.get(i);
          if (SlotWord.is(word, SlotWord.LOCK)) {
            cache.waits.await(leaf, i, SlotWord.LOCK);
            continue;
          }
          if (SlotWord.is(word, SlotWord.DIRTY)) {
            cache.waits.update(leaf, i, 0, SlotWord.WRITEBACK, false);
            leaf.writeback.getAndDecrement();
            cache.throttle.taken();
            break;
          }
          if (leaf.cas(i, word, SlotWord.emptied(word))) {
            leaf.writeback.getAndDecrement();
            Yield.note(StateChange.PAGE_EVICTED, mapping.ino(), page);
            if (SlotWord.is(word, SlotWord.WAITERS)) {
              cache.waits.wake(leaf, i);
            }
            if (SlotWord.is(word, SlotWord.RESERVED)) {
              mapping.reserved.decrement();
              mapping.backing.unreserve();
            }
            cache.counters.pagesDropped.increment();
            cache.throttle.taken();
            cache.supply.detached(leaf, SlotWord.frame(word));
            break;
          }
        }
      }
      cache.supply.progressed();
    }
  }

  /**
   * Puts the first run of dirty pages in {@code [from, to)}, at most {@code max} of them, under
   * writeback. Waits for pages that are locked or already under writeback if {@code wait}, passes
   * over them otherwise.
   *
   * @return null if there is none
   */
  public @Nullable Run next(Mapping m, long from, long to, int max, boolean wait) {
    Run run = null;
    for (Leaf leaf = m.table.ceiling(from); leaf != null && leaf.firstPage < to; ) {
      boolean none = leaf.dirty.get() == 0;
      if (none && run != null) {
        return run;
      }
      long last = none ? 0 : Math.min(to, leaf.firstPage + PageTable.LEAF_SLOTS);
      for (long page = Math.max(from, leaf.firstPage); page < last; page++) {
        boolean taken = false;
        if (SlotWord.is(leaf.get(Leaf.index(page)), SlotWord.DIRTY)) {
          // Waiting with pages of our own under writeback could wait for a waiter of ours.
          long size = m.size();
          taken = begin(m, leaf, page, wait && run == null);
          if (taken && run == null) {
            run = new Run(m, page);
          }
          if (taken && run != null) {
            run.end = size;
            run.leaves.add(leaf);
            run.frames.add(SlotWord.frame(leaf.get(Leaf.index(page))));
          }
        }
        if (run != null && (!taken || run.pages() == max)) {
          return run;
        }
      }
      Leaf next = m.table.ceiling(leaf.firstPage + PageTable.LEAF_SLOTS);
      if (run != null && (next == null || next.firstPage != run.endPage())) {
        return run;
      }
      leaf = next;
    }
    return run;
  }

  /** DIRTY becomes WRITEBACK; false if the page is no longer to be written. */
  private boolean begin(Mapping m, Leaf leaf, long page, boolean wait) {
    int i = Leaf.index(page);
    for (; ; ) {
      long word = leaf.get(i);
      if (SlotWord.isDead(word) || !SlotWord.is(word, SlotWord.DIRTY)) {
        return false;
      }
      long busy = word & (SlotWord.LOCK | SlotWord.WRITEBACK);
      if (busy != 0) {
        if (!wait) {
          return false;
        }
        cache.waits.await(leaf, i, busy);
        continue;
      }
      if (!leaf.cas(i, word, word | SlotWord.LOCK)) {
        continue;
      }
      LockOrder.acquired(LockRank.SLOT, page);
      Yield.at(YieldPoint.WRITEBACK_LOCKED, m.ino(), page);
      long inside = m.size() - (page << PAGE_SHIFT);
      boolean send = inside > 0;
      if (send) {
        if (inside < PAGE_BYTES) {
          cache
              .pool
              .memory()
              .asSlice(FramePool.offset(SlotWord.frame(word)) + inside, PAGE_BYTES - inside)
              .fill((byte) 0);
        }
        Yield.note(StateChange.PAGE_WRITEBACK, m.ino(), page);
        if (cache.checked) {
          cache.audit().requireTail(m, page, SlotWord.frame(word), inside, PAGE_BYTES);
        }
        leaf.writeback.getAndIncrement();
        // Counted before the page can be written, so that the count never falls short.
        cache.throttle.added();
        cache.waits.update(leaf, i, SlotWord.WRITEBACK, SlotWord.LOCK | SlotWord.DIRTY, false);
        cache.becameClean(m, leaf);
      } else {
        // A truncate lowered the size and has not come here yet: the page is its to discard.
        cache.waits.update(leaf, i, 0, SlotWord.LOCK, false);
      }
      LockOrder.released(LockRank.SLOT, page);
      return send;
    }
  }

  /** Waits until no page of {@code [from, to)} is under writeback that was when this was called. */
  public void awaitWriteback(Mapping m, long from, long to) {
    if (Barrier.WRITEBACK_WAIT.omitted()) {
      return;
    }
    for (Leaf leaf = m.table.ceiling(from); leaf != null && leaf.firstPage < to; ) {
      long end = Math.min(to, leaf.firstPage + PageTable.LEAF_SLOTS);
      long last = leaf.writeback.get() == 0 ? 0 : end;
      for (long page = Math.max(from, leaf.firstPage); page < last; page++) {
        long word = leaf.get(Leaf.index(page));
        if (!SlotWord.isDead(word) && SlotWord.is(word, SlotWord.WRITEBACK)) {
          cache.waits.await(leaf, Leaf.index(page), SlotWord.WRITEBACK);
        }
      }
      leaf = m.table.ceiling(leaf.firstPage + PageTable.LEAF_SLOTS);
    }
  }

  /**
   * Gives back the reservations of dirty pages in {@code [from, to)}, all of which are mapped now:
   * their blocks were taken by who mapped them (rule R20). Pages under writeback keep theirs; that
   * writeback finds the mapping when it publishes and gives them back itself.
   */
  public void unreserve(Mapping m, long from, long to) {
    for (Leaf leaf = m.table.ceiling(from); leaf != null && leaf.firstPage < to; ) {
      long last = Math.min(to, leaf.firstPage + PageTable.LEAF_SLOTS);
      for (long page = Math.max(from, leaf.firstPage); page < last; page++) {
        unreservePage(m, leaf, Leaf.index(page));
      }
      leaf = m.table.ceiling(leaf.firstPage + PageTable.LEAF_SLOTS);
    }
  }

  private void unreservePage(Mapping m, Leaf leaf, int i) {
    for (; ; ) {
      long word = leaf.get(i);
      if (SlotWord.isDead(word)
          || !SlotWord.is(word, SlotWord.RESERVED)
          || SlotWord.is(word, SlotWord.WRITEBACK)) {
        return;
      }
      if (SlotWord.is(word, SlotWord.LOCK)) {
        cache.waits.await(leaf, i, SlotWord.LOCK);
        continue;
      }
      if (leaf.cas(i, word, word & ~SlotWord.RESERVED)) {
        m.reserved.decrement();
        m.backing.unreserve();
        return;
      }
    }
  }
}
