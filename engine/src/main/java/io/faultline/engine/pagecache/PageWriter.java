package io.faultline.engine.pagecache;

import static io.faultline.engine.pagecache.FramePool.PAGE_BYTES;
import static io.faultline.engine.pagecache.FramePool.PAGE_SHIFT;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockRank;
import io.faultline.engine.pagecache.PageTable.Leaf;
import io.faultline.engine.runtime.Invariant;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.StateChange;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Puts bytes into pages, one page at a time under its slot LOCK: write(2), and stores through a
 * {@code MappedView} (page_mkwrite).
 */
public final class PageWriter {
  /** On whose behalf bytes are put. */
  public enum Mode {
    /** write(2) inside the end of file; the I/O lock is held shared. */
    OVERWRITE,
    /**
     * write(2) past the end of file; the I/O lock is held exclusive, the size follows the bytes.
     */
    EXTEND,
    /** A store through a mapping; no I/O lock, so the end of file may move under it. */
    STORE
  }

  /** How putting into one page ended. */
  public enum Result {
    DONE,
    /** The volume cannot reserve a block now; nothing was changed. */
    NO_SPACE,
    /** (STORE) the bytes do not lie inside the file; nothing was changed. */
    PAST_END
  }

  private final PageCache cache;
  private final Filler filler;

  PageWriter(PageCache cache, Filler filler) {
    this.cache = cache;
    this.filler = filler;
  }

  /**
   * Copies {@code length} bytes to {@code offset} of {@code page}, all inside it, and leaves the
   * page dirty and backed (invariant I3).
   *
   * @throws FsException EIO if the rest of the page had to be read and could not
   */
  public Result put(
      Mapping m, long page, int offset, int length, MemorySegment from, long fromOffset, Mode mode)
      throws IOException {
    cache.throttle.pace();
    for (; ; ) {
      if (mode == Mode.STORE && page >= m.endPage() && !Mutant.R4_STORE_PAST_SIZE.on()) {
        return Result.PAST_END;
      }
      Leaf leaf = m.table.findOrCreate(page);
      int i = Leaf.index(page);
      long word = leaf.get(i);
      if (SlotWord.isDead(word)) {
        Yield.at(YieldPoint.SPIN);
        Thread.onSpinWait();
        continue;
      }
      if (SlotWord.is(word, SlotWord.LOCK)) {
        cache.waits.await(leaf, i, SlotWord.LOCK);
        continue;
      }
      Put put = new Put(m, page, offset, length, from, fromOffset, mode, leaf, i);
      Result result = SlotWord.frame(word) == 0 ? create(put, word) : update(put, word);
      if (result != null) {
        return result;
      }
    }
  }

  /** One page's share of a write. */
  private record Put(
      Mapping m,
      long page,
      int offset,
      int length,
      MemorySegment from,
      long fromOffset,
      Mode mode,
      Leaf leaf,
      int i) {
    boolean wholePage() {
      return length == PAGE_BYTES;
    }

    /** A store's bytes must lie in the file; sampled under the slot LOCK, which truncate needs. */
    boolean pastEnd() {
      return mode == Mode.STORE
          && (page << PAGE_SHIFT) + offset + length > m.size()
          && !Mutant.R4_STORE_PAST_SIZE.on();
    }
  }

  /** A page that is not cached: created locked, under the mapping lock shared (rule R18). */
  private @Nullable Result create(Put p, long seen) throws IOException {
    Mapping m = p.m;
    long word = seen;
    int frame = cache.supply.take(false);
    boolean shared = !(p.mode == Mode.STORE && Mutant.M4_FAULT_WITHOUT_LOCK.on());
    if (shared) {
      // Invariant I1, as in a fill.
      m.lock.lockShared(p.page, p.page + 1);
    }
    if (p.mode == Mode.EXTEND && Mutant.B15_SIZE_BEFORE_DATA.on()) {
      m.setSize(Math.max(m.size(), (p.page << PAGE_SHIFT) + p.offset + p.length));
    }
    try {
      Extent early = Mutant.R7_WRITE_LOOKUP_BEFORE_INSERT.on() ? m.backing.lookup(p.page) : null;
      Yield.at(YieldPoint.WRITE_LOCKED, m.ino(), p.page);
      if (early != null) {
        word = p.leaf.get(p.i);
        if (!SlotWord.isEmpty(word) || SlotWord.is(word, SlotWord.LOCK)) {
          cache.supply.give(frame);
          return null;
        }
      }
      m.requireUnshifted(p.page);
      if (!p.leaf.cas(p.i, word, SlotWord.filling(word, frame))) {
        cache.supply.give(frame);
        return null;
      }
      LockOrder.acquired(LockRank.SLOT, p.page);
      Yield.note(StateChange.PAGE_INSERTED, m.ino(), p.page);
      p.leaf.resident.incrementAndGet();
      cache.pool.own(frame, p.leaf, p.i);
      Yield.at(YieldPoint.WRITE_SLOT_LOCKED, m.ino(), p.page);
      Extent extent = early != null ? early : m.lookup(p.page);
      if (shared && p.mode != Mode.STORE) {
        // The I/O lock keeps destroyers away from a write. A store has nothing but this lock, and
        // a shift that saw its page neither dirty nor gone would throw the stored bytes away.
        m.lock.unlockShared(p.page, p.page + 1);
        shared = false;
      }
      return fillCreated(p, frame, extent);
    } finally {
      if (shared) {
        m.lock.unlockShared(p.page, p.page + 1);
      }
    }
  }

  /** Backs, fills and unlocks a page that was just created, or takes it out again. */
  private Result fillCreated(Put p, int frame, Extent extent) throws IOException {
    Mapping m = p.m;
    boolean reserved = false;
    boolean filled = false;
    try {
      if (p.pastEnd()) {
        return Result.PAST_END;
      }
      if (extent.isHole()) {
        reserved = m.backing.reserve();
        if (!reserved) {
          return Result.NO_SPACE;
        }
      }
      if (!p.wholePage()) {
        readRest(p, frame, extent);
      }
      copy(p, frame);
      filled = true;
    } finally {
      if (!filled) {
        if (reserved) {
          m.backing.unreserve();
        }
        Yield.note(StateChange.PAGE_EVICTED, m.ino(), p.page);
        cache.waits.replace(p.leaf, p.i, SlotWord.emptied(p.leaf.get(p.i)));
        LockOrder.released(LockRank.SLOT, p.page);
        cache.supply.detached(p.leaf, frame);
      }
    }
    cache.supply.inserted(frame, true, true);
    finish(p, reserved, true, 0);
    return Result.DONE;
  }

  private void readRest(Put p, int frame, Extent extent) throws IOException {
    try {
      filler.readInto(p.m, p.page, frame, extent);
    } catch (IOException e) {
      FsException error =
          new FsException(
              Errno.EIO,
              "write",
              p.m.ino(),
              p.page << PAGE_SHIFT,
              PAGE_BYTES,
              "the rest of the page cannot be read: " + e.getMessage());
      error.initCause(e);
      throw error;
    }
  }

  /** A cached page; null if it changed meanwhile and the caller must look again. */
  private @Nullable Result update(Put p, long word) {
    Mapping m = p.m;
    boolean makeWritable =
        p.mode == Mode.STORE
            && !SlotWord.is(word, SlotWord.DIRTY)
            && !Mutant.R5_STORE_SKIPS_MKWRITE.on();
    if (makeWritable) {
      // Race (j): a clean page may become writable only while nobody moves or shares its block.
      m.lock.lockShared(p.page, p.page + 1);
    }
    try {
      Yield.at(makeWritable ? YieldPoint.MKWRITE_LOCKED : YieldPoint.WRITE_LOCKED, m.ino(), p.page);
      if (!p.leaf.cas(p.i, word, word | SlotWord.LOCK)) {
        return null;
      }
      LockOrder.acquired(LockRank.SLOT, p.page);
      Yield.at(YieldPoint.WRITE_SLOT_LOCKED, m.ino(), p.page);
      boolean reserved = false;
      if (p.pastEnd()) {
        return release(p, Result.PAST_END);
      }
      // Dirty pages are backed already (I3), and so are those that hold a reservation. A store that
      // skipped make-writable may not look at the mapping: rule R5 is what makes that sound.
      if (!SlotWord.is(word, SlotWord.DIRTY | SlotWord.RESERVED) && m.lookup(p.page).isHole()) {
        reserved = m.backing.reserve();
        if (!reserved) {
          return release(p, Result.NO_SPACE);
        }
      }
      boolean copied = false;
      try {
        copy(p, SlotWord.frame(word));
        copied = true;
      } finally {
        if (!copied) {
          // The source faulted: what was copied stays, as after a short write.
          finish(p, reserved, !SlotWord.is(word, SlotWord.DIRTY), SlotWord.REF);
        }
      }
      finish(p, reserved, !SlotWord.is(word, SlotWord.DIRTY), SlotWord.REF);
      return Result.DONE;
    } finally {
      if (makeWritable) {
        m.lock.unlockShared(p.page, p.page + 1);
      }
    }
  }

  private Result release(Put p, Result result) {
    cache.waits.update(p.leaf, p.i, 0, SlotWord.LOCK, false);
    LockOrder.released(LockRank.SLOT, p.page);
    return result;
  }

  private void copy(Put p, int frame) {
    // Readers that began before LOCK must see it before they see any of these bytes.
    VarHandle.storeStoreFence();
    MemorySegment.copy(
        p.from, p.fromOffset, cache.pool.memory(), FramePool.offset(frame) + p.offset, p.length);
    Yield.at(YieldPoint.WRITE_COPIED, p.m.ino(), p.page);
  }

  /**
   * @param ref REF for a page that was cached before; making one is not using it again
   */
  private void finish(Put p, boolean reserved, boolean wasClean, long ref) {
    Mapping m = p.m;
    if (p.mode == Mode.EXTEND) {
      // Data first, then size, and both before LOCK goes: writeback, which needs LOCK, never takes
      // these bytes for bytes past the end.
      long end = (p.page << PAGE_SHIFT) + p.offset + p.length;
      if (end > m.size()) {
        if (cache.checked) {
          requireZerosBefore(p);
        }
        m.setSize(end);
        Yield.at(YieldPoint.SIZE_SET, m.ino(), end);
      }
    }
    if (cache.checked) {
      requireBacked(p, reserved);
    }
    if (wasClean) {
      cache.becameDirty(m, p.leaf);
    }
    if (reserved) {
      m.reserved.increment();
    }
    long set = SlotWord.UPTODATE | SlotWord.DIRTY | ref | (reserved ? SlotWord.RESERVED : 0);
    Yield.note(StateChange.PAGE_DIRTY, m.ino(), p.page);
    cache.waits.update(p.leaf, p.i, set, SlotWord.LOCK, !Mutant.R6_WRITE_KEEPS_VERSION.on());
    LockOrder.released(LockRank.SLOT, p.page);
    Yield.at(YieldPoint.WRITE_DIRTIED, m.ino(), p.page);
  }

  /** Invariant I3. The word first: writeback gives a reservation up only once it has mapped. */
  private static void requireBacked(Put p, boolean reserved) {
    long word = p.leaf.get(p.i);
    Invariant.I3.require(
        reserved || SlotWord.is(word, SlotWord.RESERVED) || !p.m.backing.lookup(p.page).isHole(),
        "inode %s page %s becomes dirty over a hole without a reservation",
        p.m.ino(),
        p.page);
  }

  /** Invariant I16: the size grows over nothing but zeros and the bytes just put. */
  private void requireZerosBefore(Put p) {
    long inside = p.m.size() - (p.page << PAGE_SHIFT);
    int frame = SlotWord.frame(p.leaf.get(p.i));
    if (inside >= 0) {
      cache.audit().requireTail(p.m, p.page, frame, inside, p.offset);
      return;
    }
    String wrong = cache.audit().tail(p.m, p.m.size());
    Invariant.I16.require(wrong.isEmpty(), "%s", wrong);
  }
}
