package io.faultline.engine.pagecache;

import static io.faultline.engine.pagecache.FramePool.PAGE_BYTES;
import static io.faultline.engine.pagecache.FramePool.PAGE_SHIFT;

import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.extent.BlockLedger;
import io.faultline.engine.lock.Guard;
import io.faultline.engine.pagecache.PageTable.Leaf;
import io.faultline.engine.runtime.Checks;
import io.faultline.engine.runtime.Invariant;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * The pages of a volume's files in memory, never more than its frames.
 *
 * <p><b>A cached read takes no lock</b> (decision D1): load the slot word, sample the size, copy,
 * fence, load the word again; the same frame and version mean that one version of the page was
 * copied. <b>A miss</b> fills under the mapping lock shared ({@link Filler}). <b>Destroyers</b>
 * hold it exclusive ({@link Invalidator}). <b>Dirty pages</b> leave through {@link DirtyPages}.
 *
 * <p><b>Frames.</b> They are taken before any lock of a file (rule R21). When none is free, clean
 * pages are evicted ({@link EvictionPolicy}; a hit does nothing for it but set one bit of the slot
 * word, seldom); when all are dirty, writeback is asked for and the taker waits ({@link
 * FrameSupply}). Writers wait earlier ({@link DirtyThrottle}).
 */
public final class PageCache implements AutoCloseable {
  private static final int MISS = -1;

  /** Advice has no reader whose windows it could follow. */
  private static final Readahead ADVICE = new Readahead();

  /** Stamps of a page that no leaf covers, and of one that is not there yet; no words of a slot. */
  private static final long NO_LEAF = -1;

  private static final long UNSTABLE = -2;

  /** Validations a reader loses before it copies under LOCK (rule R21). */
  private static final int VALIDATIONS_MAX = 8;

  /** A volume needs at least this many frames: 1 MiB. */
  public static final int FRAMES_MIN = 256;

  final FramePool pool;
  final SlotWaits waits = new SlotWaits();
  final BlockDevice device;
  final Guard guard;
  private final boolean destroyersUnlocked;
  final CacheCounters counters;
  final BlockLedger ledger;

  /** Whether this volume's guard upholds the invariants and this JVM checks them. */
  final boolean checked;

  final Set<Mapping> dirtyMappings = ConcurrentHashMap.newKeySet();
  private final Filler filler;
  private final PageWriter writer;
  private final Invalidator invalidator;
  private final DirtyPages dirtyPages;
  private final CacheAudit audit;
  final FrameSupply supply;
  final DirtyThrottle throttle;
  private final LongAdder dirtyCount = new LongAdder();

  /**
   * @param frames pages of {@code 4096} bytes
   * @param ledger hears of the blocks that fills read
   * @param wantsWriteback called, under no lock, when dirty pages stand in the way of a fill or
   *     grow many; must not block
   */
  public PageCache(
      int frames,
      BlockDevice device,
      Guard guard,
      CacheCounters counters,
      BlockLedger ledger,
      Runnable wantsWriteback) {
    if (frames < FRAMES_MIN || frames > SlotWord.FRAME_MAX) {
      throw new IllegalArgumentException(frames + " frames, " + FRAMES_MIN + " at least");
    }
    this.pool = new FramePool(frames);
    this.device = device;
    this.guard = guard;
    this.counters = counters;
    this.ledger = ledger;
    this.checked = checkedUnder(guard);
    this.destroyersUnlocked = guard == Guard.NONE && Boolean.getBoolean(Guard.UNLOCKED_PROPERTY);
    this.supply = new FrameSupply(pool, counters, wantsWriteback);
    this.throttle = new DirtyThrottle(frames, supply, wantsWriteback);
    this.filler = new Filler(this);
    this.writer = new PageWriter(this, filler);
    this.invalidator = new Invalidator(this, filler);
    this.dirtyPages = new DirtyPages(this);
    this.audit = new CacheAudit(this);
  }

  /** Whether invariants are checked on a volume with this guard: only where it upholds them. */
  public static boolean checkedUnder(Guard guard) {
    return Checks.ON && (guard == Guard.MAPPING_LOCK || guard == Guard.RANGE_LOCK);
  }

  /**
   * Whether destroyers go without the mapping lock as well, which only a price list wants to know:
   * what truncate pays for the lock. Asked of a {@link Guard#NONE} volume as it is made.
   */
  public boolean destroyersUnlocked() {
    return destroyersUnlocked;
  }

  /** What keeps fills from destroyers on this volume. */
  public Guard guard() {
    return guard;
  }

  Filler filler() {
    return filler;
  }

  /** Looks at pages without touching them. */
  public CacheAudit audit() {
    return audit;
  }

  /** Writes and stores. */
  public PageWriter writer() {
    return writer;
  }

  /** What destroyers do to the cache. */
  public Invalidator invalidator() {
    return invalidator;
  }

  /** What writeback takes from the cache. */
  public DirtyPages dirty() {
    return dirtyPages;
  }

  public int frames() {
    return pool.frames();
  }

  public int freeFrames() {
    return pool.free();
  }

  /** All files with dirty pages, and some that had them; weakly consistent. */
  public Set<Mapping> dirtyMappings() {
    return dirtyMappings;
  }

  /** Dirty pages of all files; exact only at rest. */
  public long dirtyTotal() {
    return dirtyCount.sum();
  }

  /** Pages of all files that are dirty or under writeback; one that is both counts twice. */
  public long unwrittenPages() {
    return throttle.unwritten();
  }

  /**
   * Reads at most {@code dst.remaining()} bytes from {@code position}; fewer only at the end of
   * file, 0 at or behind it. Each page is one version of itself that was current during the call;
   * pages may mix old and new (SEMANTICS §0.3).
   *
   * @param ahead of the open file that is read
   * @throws IOException if the device failed before anything was copied
   */
  public int read(Mapping mapping, Readahead ahead, ByteBuffer dst, long position)
      throws IOException {
    int start = dst.position();
    int want = dst.remaining();
    int done = 0;
    // The read that brought a page in does not count as using it again.
    boolean brought = false;
    long staleSize = Mutant.R1_SIZE_SAMPLED_BEFORE_COPY.on() ? mapping.size() : -1;
    while (done < want) {
      long at = position + done;
      long page = at >>> PAGE_SHIFT;
      int offset = (int) at & PAGE_BYTES - 1;
      int length = Math.min(PAGE_BYTES - offset, want - done);
      int got = hit(mapping, ahead, page, offset, length, dst, start + done, staleSize, brought);
      if (got == MISS) {
        try {
          got = miss(mapping, ahead, page, offset, length, dst, start + done, want - done);
        } catch (IOException e) {
          if (done > 0) {
            break;
          }
          throw e;
        }
        if (got == MISS) {
          brought = true;
          continue;
        }
      }
      brought = false;
      done += got;
      if (got < length) {
        break;
      }
    }
    dst.position(start + done);
    return done;
  }

  /**
   * The state of each page of a range, for {@link #unchanged}. Bytes that were read between the two
   * were all current when the second began: frame and version of a page move with its bytes.
   *
   * @param position of a read that was accepted, or would be
   */
  public long[] stamps(Mapping m, long position, int length) {
    long first = position >>> PAGE_SHIFT;
    long[] stamps = new long[position < 0 ? 0 : pagesOf(position, length)];
    for (int k = 0; k < stamps.length; k++) {
      stamps[k] = stamp(m, first + k);
    }
    return stamps;
  }

  /** Whether no page of the range has changed, come or gone since its stamps were taken. */
  public boolean unchanged(Mapping m, long position, int length, long[] stamps) {
    VarHandle.loadLoadFence();
    long first = position >>> PAGE_SHIFT;
    for (int k = 0; k < stamps.length; k++) {
      if (stamps[k] == UNSTABLE || stamp(m, first + k) != stamps[k]) {
        return false;
      }
    }
    return true;
  }

  private static int pagesOf(long position, int length) {
    return (int) (((position & (PAGE_BYTES - 1)) + length + PAGE_BYTES - 1) >>> PAGE_SHIFT);
  }

  private static long stamp(Mapping m, long page) {
    Leaf leaf = m.table.find(page);
    if (leaf == null) {
      return NO_LEAF;
    }
    long word = leaf.get(Leaf.index(page));
    boolean stable = SlotWord.is(word, SlotWord.UPTODATE) && !SlotWord.is(word, SlotWord.LOCK);
    return stable ? word & ~SlotWord.IGNORED_BY_READERS : UNSTABLE;
  }

  /** Copies from a cached page, or says that there is none. */
  private int hit(
      Mapping m,
      Readahead ahead,
      long page,
      int offset,
      int length,
      ByteBuffer to,
      int toIndex,
      long stale,
      boolean brought) {
    for (int tries = 0; ; tries++) {
      Leaf leaf = m.table.find(page);
      if (leaf == null) {
        return MISS;
      }
      int i = Leaf.index(page);
      long word = leaf.get(i);
      if ((word & (SlotWord.LOCK | SlotWord.UPTODATE)) != SlotWord.UPTODATE
          && !(Mutant.B27_UNREAD_PAGE_MAPPED.on() && SlotWord.frame(word) != 0)) {
        if (SlotWord.isDead(word)) {
          Yield.at(YieldPoint.SPIN);
          Thread.onSpinWait();
          continue;
        }
        if (!SlotWord.is(word, SlotWord.LOCK)) {
          return MISS;
        }
        waits.await(leaf, i, SlotWord.LOCK);
        continue;
      }
      if (tries >= VALIDATIONS_MAX) {
        // Writers win every time: copy under LOCK for once (rule R21).
        if (leaf.cas(i, word, word | SlotWord.LOCK)) {
          try {
            return copyOut(m, page, offset, length, to, toIndex, stale, word);
          } finally {
            waits.update(leaf, i, SlotWord.REF, SlotWord.LOCK, false);
          }
        }
        continue;
      }
      int n = copyOut(m, page, offset, length, to, toIndex, stale, word);
      VarHandle.loadLoadFence();
      if (((leaf.getOpaque(i) ^ word) & ~SlotWord.IGNORED_BY_READERS) == 0) {
        if (!SlotWord.is(word, SlotWord.REF)) {
          if (!brought) {
            leaf.cas(i, word, word | SlotWord.REF);
          }
          if (ahead.isDue(page)) {
            ahead.advance(this, m, page);
          }
        }
        return n;
      }
    }
  }

  /**
   * Copies from the frame of {@code word}. Rule R1: the size is sampled after the word and before
   * the copy; if the word moved, both are done again. A size sampled later could cover bytes that
   * this version of the page lacks.
   */
  private int copyOut(
      Mapping m,
      long page,
      int offset,
      int length,
      ByteBuffer to,
      int toIndex,
      long stale,
      long word) {
    Yield.at(YieldPoint.SIZE_SAMPLED, m.ino(), page);
    long honest = Checks.ON ? m.size() : 0;
    long size = stale >= 0 ? stale : m.size();
    long left = size - (page << PAGE_SHIFT) - offset;
    int n = (int) Math.min(length, Math.max(0, left));
    if (Checks.ON && honest == m.size()) {
      requireHonest(m, page, offset, n, honest);
    }
    if (n > 0) {
      // Frame 0 stays zero, and it is the frame of a hole's word.
      pool.copyOut(SlotWord.frame(word), offset, to, toIndex, n);
    }
    Yield.at(YieldPoint.READ_COPIED, m.ino(), page);
    return n;
  }

  /** Invariant I5; the size stood still around the sample that {@code n} comes from. */
  static void requireHonest(Mapping m, long page, int offset, int n, long size) {
    long at = (page << PAGE_SHIFT) + offset;
    if (n > Math.max(0, size - at)) {
      Invariant.I5.broken(
          "inode %d: %d bytes from %d are read, but the end of file is %d"
              .formatted(m.ino(), n, at, size));
    }
    Invariant.I5.held();
  }

  private int miss(
      Mapping m,
      Readahead ahead,
      long page,
      int offset,
      int length,
      ByteBuffer to,
      int toIndex,
      int wanted)
      throws IOException {
    if (page >= m.endPage()) {
      return 0;
    }
    counters.readMisses.increment();
    int pages = (offset + wanted + PAGE_BYTES - 1) >>> PAGE_SHIFT;
    int window = ahead.missed(page, pages, pool.frames());
    long size;
    m.backing.pin("read");
    try {
      size = filler.fill(m, page, window, pages, ahead);
    } finally {
      m.backing.unpin();
    }
    if (size == Filler.CACHED) {
      return MISS;
    }
    // No leaf, no block: nothing is inserted for it (rule R17). The zeros are those of the moment
    // of the look-up, and so is the size: a later one could cover bytes written since (rule R1).
    long left = size - (page << PAGE_SHIFT) - offset;
    int n = (int) Math.min(length, Math.max(0, left));
    pool.copyOut(0, 0, to, toIndex, n);
    return n;
  }

  /**
   * Brings {@code [from, to)} into the cache as far as frames go, without waiting for the device
   * (posix_fadvise WILLNEED, readahead). Errors are left to the reader who meets them. The caller
   * has pinned the file.
   */
  public void prefetch(Mapping m, long fromPage, long toPage) throws IOException {
    long end = Math.min(toPage, m.endPage());
    long budget = pool.frames() / 4;
    for (long page = fromPage; page < end && budget > 0; ) {
      int n = (int) Math.min(Readahead.WINDOW_PAGES_MAX, end - page);
      long next = filler.fill(m, page, n, 0, ADVICE);
      if (next == Filler.CACHED) {
        return;
      }
      budget -= next - page;
      page = next;
    }
  }

  /** Whether {@code page} has bytes of its own in the cache, not just a known hole. */
  public boolean hasData(Mapping m, long page) {
    Leaf leaf = m.table.find(page);
    if (leaf == null) {
      return false;
    }
    long word = leaf.get(Leaf.index(page));
    return !SlotWord.isDead(word)
        && SlotWord.frame(word) != 0
        && SlotWord.is(word, SlotWord.UPTODATE);
  }

  /**
   * The first page of {@code [from, to)} with bytes of its own in the cache; {@code to} if there is
   * none.
   */
  public long nextData(Mapping m, long from, long to) {
    for (Leaf leaf = m.table.ceiling(from); leaf != null && leaf.firstPage < to; ) {
      long start = Math.max(from, leaf.firstPage);
      long end = Math.min(to, leaf.firstPage + PageTable.LEAF_SLOTS);
      for (long page = start; page < end; page++) {
        if (hasData(m, page)) {
          return page;
        }
      }
      leaf = m.table.ceiling(leaf.firstPage + PageTable.LEAF_SLOTS);
    }
    return to;
  }

  /** Drops every clean page that nobody uses; for tests and {@code drop-caches}. */
  public void dropClean() {
    // From the end, as everywhere: the frame given back last is the first to be taken, and pages
    // that follow each other should find frames that do (FramePool).
    for (int frame = pool.frames(); frame > 0; frame--) {
      supply.evict(frame);
    }
  }

  /** Drops clean pages {@code [from, to)} of one file that nobody uses (POSIX_FADV_DONTNEED). */
  public void dropClean(Mapping m, long from, long to) {
    for (Leaf leaf = m.table.ceiling(from); leaf != null && leaf.firstPage < to; ) {
      long first = Math.max(from, leaf.firstPage);
      long last = Math.min(to, leaf.firstPage + PageTable.LEAF_SLOTS);
      for (long page = last - 1; page >= first; page--) {
        int frame = SlotWord.frame(leaf.get(Leaf.index(page)));
        if (frame != 0) {
          supply.evict(leaf, Leaf.index(page), frame);
        }
      }
      leaf = m.table.ceiling(leaf.firstPage + PageTable.LEAF_SLOTS);
    }
  }

  // Dirty accounting: before the flag goes up, after it went down.

  void becameDirty(Mapping m, Leaf leaf) {
    leaf.dirty.getAndIncrement();
    throttle.added();
    dirtyCount.increment();
    m.dirty.increment();
    if (!m.listed) {
      m.listed = true;
      dirtyMappings.add(m);
    }
  }

  void becameClean(Mapping m, Leaf leaf) {
    leaf.dirty.getAndDecrement();
    throttle.taken();
    dirtyCount.decrement();
    m.dirty.decrement();
  }

  /** Takes a file off the list unless pages of it are dirty. */
  public void unlistIfClean(Mapping m) {
    if (m.dirty.sum() == 0) {
      m.listed = false;
      dirtyMappings.remove(m);
      // Who counted its page and still saw the flag set counted before this sum.
      if (m.dirty.sum() != 0) {
        m.listed = true;
        dirtyMappings.add(m);
      }
    }
  }

  /** Writers are not held back from here on: this volume writes nothing any more. */
  public void stopThrottling() {
    throttle.stop();
  }

  @Override
  public void close() {
    pool.close();
  }
}
