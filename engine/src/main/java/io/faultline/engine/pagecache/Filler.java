package io.faultline.engine.pagecache;

import static io.faultline.engine.pagecache.FramePool.PAGE_BYTES;
import static io.faultline.engine.pagecache.FramePool.PAGE_SHIFT;

import io.faultline.engine.device.Io;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
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
import java.util.ArrayList;
import java.util.List;

/**
 * The one door through which pages enter the cache: reads, faults, readahead and advice.
 *
 * <p>Frame first, then the mapping lock shared, then the locked page <em>in the table</em>, then
 * the look-up of its block, then submission; after that the mapping lock may go, because the locked
 * pages hold a destroyer back (Linux {@code page_cache_ra_unbounded}; SEMANTICS §3.4). Serves
 * invariants I1 and I2.
 */
final class Filler {
  /** {@link #fill}'s answer: the page is, or was a moment ago, in the cache: look again. */
  static final long CACHED = -1;

  private final PageCache cache;

  Filler(PageCache cache) {
    this.cache = cache;
  }

  /** Pages of one fill that wait for the device. */
  private static final class Batch {
    final List<Filled> pages = new ArrayList<>();
    final long first;
    final int asked;

    Batch(long first, int asked) {
      this.first = first;
      this.asked = asked;
    }

    void add(Leaf leaf, long page, int frame, long block) {
      boolean used = asked > 0 && page == first;
      pages.add(new Filled(leaf, Leaf.index(page), page, frame, block, page < first + asked, used));
    }
  }

  /**
   * A page of a fill, locked.
   *
   * @param asked whether it is one of those that somebody asked for, rather than readahead
   * @param used whether it is the one that he missed
   */
  record Filled(
      Leaf leaf, int index, long page, int frame, long block, boolean asked, boolean used) {}

  /**
   * Fills up to {@code count} pages from {@code first}.
   *
   * @param asked how many of them somebody asks for. If any, he waits for the first: for a frame,
   *     and for the device, whose failure is thrown. The other pages are readahead.
   * @param ahead hears when a destroyer cuts the window short
   * @return without demand: the page before which it ended, at most {@code first + count} and less
   *     where a destroyer cut the window short; {@link #CACHED} if there was no frame. With demand:
   *     {@link #CACHED}; or, if the first page lies behind the end of file or in a hole that no
   *     leaf covers, the size in bytes at the moment when that was so
   */
  long fill(Mapping m, long first, int count, int asked, Readahead ahead) throws IOException {
    boolean demand = asked > 0;
    int[] frames = new int[count];
    frames[0] = demand ? cache.supply.take(false) : cache.supply.tryTake(false);
    if (frames[0] == 0) {
      return CACHED;
    }
    int taken = 1;
    int next = 0;
    Batch batch = new Batch(first, asked);
    long outcome = CACHED;
    boolean shared =
        !(demand ? Mutant.M1_FILL_WITHOUT_LOCK : Mutant.M3_READAHEAD_WITHOUT_LOCK).on();
    long end = first + count;
    Yield.at(YieldPoint.READ_MISS, m.ino(), first);
    if (shared) {
      // Invariant I1: no destroyer frees a block between this look-up and the locked page being in
      // its way. Nobody else needs this hold.
      end = m.lock.lockShared(first, end);
      if (demand && end < first + count) {
        ahead.cutAt(end);
      }
    }
    try {
      Yield.at(YieldPoint.FILL_LOCKED, m.ino(), first);
      if (shared && Mutant.M5_LOCK_DROPPED_BEFORE_INSERT.on()) {
        m.lock.unlockShared(first, end);
        shared = false;
        Yield.at(YieldPoint.FILL_LOCKED, m.ino(), first);
      }
      if (shared && Mutant.M19_NESTED_SHARED.on()) {
        m.lock.unlockShared(first, m.lock.lockShared(first, end));
      }
      // Readahead takes what is there: waiting here would hold the mapping lock (rule R21). And not
      // before the lock is held: who waits for a destroyer keeps one frame from him, not a window.
      taken += cache.supply.tryTake(frames, 1, missing(m, first + 1, end), false);
      for (long page = first; page < end && next < taken; page++) {
        long size = m.size();
        if (page >= Mapping.pagesFor(size)) {
          outcome = page == first ? size : outcome;
          break;
        }
        Leaf leaf = leafForFill(m, page);
        if (leaf == null) {
          outcome = page == first ? size : outcome;
          continue;
        }
        if (insert(m, leaf, page, frames[next], batch)) {
          next++;
        }
      }
      submit(m, batch, count, demand ? first : -1);
    } catch (Throwable t) {
      batch.pages.forEach(p -> drop(m, p));
      throw t;
    } finally {
      if (shared) {
        m.lock.unlockShared(first, end);
      }
      cache.supply.give(frames, next, taken);
    }
    if (!demand) {
      return end;
    }
    runDemanded(m, batch, first);
    return outcome;
  }

  /** How many pages of {@code [from, to)} are not cached; a guess, nothing is locked. */
  private static int missing(Mapping m, long from, long to) {
    long end = Math.min(to, m.endPage());
    int missing = 0;
    Leaf leaf = null;
    for (long page = from; page < end; page++) {
      if (leaf == null || Leaf.index(page) == 0) {
        leaf = m.table.find(page);
      }
      missing += leaf == null || SlotWord.isEmpty(leaf.get(Leaf.index(page))) ? 1 : 0;
    }
    return missing;
  }

  /** The leaf to insert {@code page} in; null if the page is in a hole that no leaf covers. */
  private static @org.jspecify.annotations.Nullable Leaf leafForFill(Mapping m, long page) {
    Leaf leaf = m.table.find(page);
    if (leaf != null) {
      return leaf;
    }
    return m.lookup(page).isWritten() ? m.table.findOrCreate(page) : null;
  }

  /**
   * Puts the locked page into the table and looks its block up.
   *
   * @return whether the frame was used
   */
  private boolean insert(Mapping m, Leaf leaf, long page, int frame, Batch batch) {
    m.requireUnshifted(page);
    int i = Leaf.index(page);
    Extent early = null;
    if (Mutant.R7_LOOKUP_BEFORE_INSERT.on()) {
      early = m.lookup(page);
      Yield.at(YieldPoint.FILL_MAPPED, m.ino(), page);
    }
    long filling;
    for (; ; ) {
      long word = leaf.get(i);
      if (!SlotWord.isEmpty(word) || SlotWord.is(word, SlotWord.LOCK)) {
        return false;
      }
      filling = SlotWord.filling(word, frame);
      if (leaf.cas(i, word, filling)) {
        break;
      }
    }
    LockOrder.acquired(LockRank.SLOT, page);
    Yield.note(StateChange.PAGE_INSERTED, m.ino(), page);
    leaf.resident.incrementAndGet();
    cache.pool.own(frame, leaf, i);
    Yield.at(YieldPoint.FILL_INSERTED, m.ino(), page);
    // The size again, now that a truncate would have to wait for this page (invariant I5).
    boolean inside = page < m.endPage();
    Extent extent = inside ? (early != null ? early : m.lookup(page)) : null;
    if (extent != null && extent.isWritten()) {
      cache.ledger.fillBegins(extent.physicalOf(page));
    }
    Yield.at(YieldPoint.FILL_MAPPED, m.ino(), page);
    if (extent != null && extent.isWritten()) {
      batch.add(leaf, page, frame, extent.physicalOf(page));
      return true;
    }
    long next = extent != null ? SlotWord.hole(filling) : SlotWord.emptied(filling);
    cache.waits.replace(leaf, i, next);
    Yield.note(StateChange.PAGE_EVICTED, m.ino(), page);
    LockOrder.released(LockRank.SLOT, page);
    leaf.resident.decrementAndGet();
    return false;
  }

  /** Starts the reads of all pages but the demanded one's run. */
  private void submit(Mapping m, Batch batch, int window, long demanded) {
    unlockEarly(batch);
    for (int from = 0; from < batch.pages.size(); ) {
      int to = runEnd(batch, from);
      if (batch.pages.get(from).page() != demanded) {
        List<Filled> run = List.copyOf(batch.pages.subList(from, to));
        run.forEach(p -> LockOrder.handOff(LockRank.SLOT, p.page()));
        Io io = read(run);
        cache.device.submit(io.onDone(done -> finish(m, run, done.failure())));
        batch.pages.subList(from, to).clear();
      } else {
        from = to;
      }
    }
    if (window == 1 && demanded >= 0 && !batch.pages.isEmpty()) {
      // The page waits in a list of our own: nothing has been submitted yet.
      Yield.silent();
    }
    Yield.at(YieldPoint.IO_SUBMITTED, m.ino(), demanded);
  }

  /** Only where mutants are: a page stays locked until its read has ended. */
  private void unlockEarly(Batch batch) {
    if (Mutant.M6_UNLOCKED_AT_SUBMISSION.on()) {
      batch.pages.forEach(
          p -> cache.waits.update(p.leaf(), p.index(), SlotWord.UPTODATE, SlotWord.LOCK, false));
    }
  }

  /** Reads the demanded run in the caller's thread, after the mapping lock was given back. */
  private void runDemanded(Mapping m, Batch batch, long first) throws FsException {
    List<Filled> run = batch.pages;
    if (run.isEmpty()) {
      return;
    }
    IOException failure = null;
    try {
      cache.device.run(read(run));
    } catch (IOException e) {
      failure = e;
    }
    Yield.at(YieldPoint.IO_DONE, m.ino(), first);
    run.forEach(p -> LockOrder.handOff(LockRank.SLOT, p.page()));
    finish(m, run, failure);
    if (failure != null) {
      FsException error =
          new FsException(
              Errno.EIO,
              "read",
              m.ino(),
              first << PAGE_SHIFT,
              (long) run.size() << PAGE_SHIFT,
              "the device failed: " + failure.getMessage());
      error.initCause(failure);
      throw error;
    }
  }

  private static int runEnd(Batch batch, int from) {
    int to = from + 1;
    while (to < batch.pages.size()) {
      Filled before = batch.pages.get(to - 1);
      Filled next = batch.pages.get(to);
      if (next.page() != before.page() + 1 || next.block() != before.block() + 1) {
        break;
      }
      to++;
    }
    return to;
  }

  private Io read(List<Filled> run) {
    long[] offsets = new long[run.size()];
    for (int k = 0; k < offsets.length; k++) {
      offsets[k] = FramePool.offset(run.get(k).frame());
    }
    return Io.read(
        run.getFirst().block() << PAGE_SHIFT, cache.pool.memory(), offsets, offsets.length);
  }

  /** Completion: the pages become up to date, or leave the table if the device failed. */
  private void finish(
      Mapping m, List<Filled> run, @org.jspecify.annotations.Nullable IOException failure) {
    boolean filled = failure == null || Mutant.M28_FAILED_READ_IS_UPTODATE.on();
    if (filled) {
      // Still locked, so nobody has taken one of them away.
      cache.supply.inserted(run);
    }
    for (Filled p : run) {
      if (!filled) {
        drop(m, p);
        continue;
      }
      zeroTail(m, p.page(), p.frame());
      cache.counters.pagesFilled.increment();
      Yield.note(StateChange.PAGE_UPTODATE, m.ino(), p.page());
      cache.ledger.fillEnds(p.block());
      cache.waits.update(p.leaf(), p.index(), SlotWord.UPTODATE, SlotWord.LOCK, false);
    }
    cache.supply.progressed();
  }

  private void drop(Mapping m, Filled p) {
    LockOrder.handOff(LockRank.SLOT, p.page());
    Yield.note(StateChange.PAGE_EVICTED, m.ino(), p.page());
    cache.ledger.fillEnds(p.block());
    cache.waits.replace(p.leaf(), p.index(), SlotWord.emptied(p.leaf().get(p.index())));
    cache.supply.detached(p.leaf(), p.frame());
  }

  /** Invariant I16: nothing but zeros behind the end of file, whatever the block holds there. */
  private void zeroTail(Mapping m, long page, int frame) {
    long inside = m.size() - (page << PAGE_SHIFT);
    if (inside < PAGE_BYTES) {
      long from = Math.max(0, inside);
      cache.pool.memory().asSlice(FramePool.offset(frame) + from, PAGE_BYTES - from).fill((byte) 0);
    }
  }

  /**
   * Reads {@code page} into {@code frame}, or zeroes it if nothing was written there. The caller
   * holds the page's LOCK and, since it looked {@code extent} up under it, its mapping is pinned.
   */
  void readInto(Mapping m, long page, int frame, Extent extent) throws IOException {
    if (!extent.isWritten() || page >= m.endPage()) {
      cache.pool.zero(frame);
      return;
    }
    MemorySegment memory = cache.pool.memory();
    long[] offset = {FramePool.offset(frame)};
    long block = extent.physicalOf(page);
    cache.ledger.fillBegins(block);
    try {
      cache.device.run(Io.read(block << PAGE_SHIFT, memory, offset, 1));
    } finally {
      cache.ledger.fillEnds(block);
    }
    zeroTail(m, page, frame);
  }
}
