package io.faultline.engine.pagecache;

import static io.faultline.engine.pagecache.FramePool.PAGE_BYTES;
import static io.faultline.engine.pagecache.FramePool.PAGE_SHIFT;

import io.faultline.engine.device.Io;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.pagecache.PageTable.Leaf;
import io.faultline.engine.runtime.Invariant;
import io.faultline.engine.runtime.Yield;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Looks at cached pages from outside: invariants I2, I3, I15 and I16. Takes no lock and reaches no
 * yield point, so it changes no schedule: a page that changed while it was looked at is passed
 * over. Each method returns what is wrong, or the empty string.
 *
 * <p>After a command 16 leaves of 512 pages are looked at wholly and, of those behind them, every
 * sixteenth, another one each time; {@link #staleAnywhere} and the counts look at all.
 */
public final class CacheAudit {
  private static final int LEAVES_MAX = 16;
  private static final int SAMPLED_EVERY = 16;
  private static final MemorySegment ZEROS = MemorySegment.ofArray(new byte[PAGE_BYTES]);

  private final PageCache cache;
  private final AtomicInteger turn = new AtomicInteger();

  CacheAudit(PageCache cache) {
    this.cache = cache;
  }

  private interface Look {
    String at(long page, Leaf leaf, long word);
  }

  private String each(Mapping m, long from, long to, Look look) {
    return each(m, from, to, LEAVES_MAX, turn.getAndIncrement(), look);
  }

  private static String each(Mapping m, long from, long to, int whole, int turn, Look look) {
    int leaves = 0;
    for (Leaf leaf = m.table.ceiling(from);
        leaf != null && leaf.firstPage < to;
        leaf = m.table.ceiling(leaf.firstPage + PageTable.LEAF_SLOTS), leaves++) {
      if (leaves >= whole && (leaf.firstPage / PageTable.LEAF_SLOTS + turn) % SAMPLED_EVERY != 0) {
        continue;
      }
      long last = Math.min(to, leaf.firstPage + PageTable.LEAF_SLOTS);
      for (long page = Math.max(from, leaf.firstPage); page < last; page++) {
        long word = leaf.get(Leaf.index(page));
        if (SlotWord.isDead(word) || SlotWord.isEmpty(word)) {
          continue;
        }
        String wrong = look.at(page, leaf, word);
        if (!wrong.isEmpty() && same(leaf, page, word)) {
          return "inode %d page %d (%s): %s".formatted(m.ino(), page, SlotWord.text(word), wrong);
        }
      }
    }
    return "";
  }

  /** Whether the page is, in every flag and its version, as it was. */
  private static boolean same(Leaf leaf, long page, long word) {
    VarHandle.loadLoadFence();
    return ((leaf.getOpaque(Leaf.index(page)) ^ word) & ~(SlotWord.REF | SlotWord.WAITERS)) == 0;
  }

  private static boolean clean(long word) {
    return SlotWord.is(word, SlotWord.UPTODATE)
        && !SlotWord.is(word, SlotWord.LOCK | SlotWord.DIRTY | SlotWord.WRITEBACK);
  }

  /** Invariant I2: clean pages of {@code [from, to)} inside the end of file equal the layout. */
  public String stale(Mapping m, long from, long to) {
    Invariant.I2.held();
    MemorySegment device = MemorySegment.ofArray(new byte[PAGE_BYTES]);
    long end = Math.min(to, m.endPage());
    return each(m, from, end, (page, leaf, word) -> stale(m, page, word, device, false));
  }

  /**
   * Invariant I2 of all cached pages; at rest. Where the device cannot be looked at from outside
   * its blocks are read, except in simulation, where that would be a step.
   */
  public String staleAnywhere(Mapping m) {
    Invariant.I2.held();
    MemorySegment device = MemorySegment.ofArray(new byte[PAGE_BYTES]);
    return each(
        m,
        0,
        m.endPage(),
        Integer.MAX_VALUE,
        0,
        (page, leaf, word) -> stale(m, page, word, device, !Yield.SIMULATION));
  }

  private String stale(Mapping m, long page, long word, MemorySegment device, boolean read) {
    if (!clean(word)) {
      return "";
    }
    Extent extent = m.backing.lookup(page);
    if (SlotWord.is(word, SlotWord.HOLE)) {
      return extent.isWritten() ? "known as a hole, but mapped to " + extent : "";
    }
    int inside = (int) Math.min(PAGE_BYTES, m.size() - (page << PAGE_SHIFT));
    MemorySegment fresh = ZEROS;
    if (extent.isWritten()) {
      long at = extent.physicalOf(page) << PAGE_SHIFT;
      if (!cache.device.peek(at, device) && !(read && readInto(device, at))) {
        return "";
      }
      fresh = device;
    }
    long differs = differs(word, 0, inside, fresh);
    return differs < 0 ? "" : "byte " + differs + " is not that of " + extent;
  }

  /** Reads a block by way of a frame; false when there is none, or the device fails. */
  private boolean readInto(MemorySegment to, long deviceOffset) {
    int frame = cache.supply.tryTake(false);
    if (frame == 0) {
      return false;
    }
    try {
      long[] offset = {FramePool.offset(frame)};
      cache.device.run(Io.read(deviceOffset, cache.pool.memory(), offset, 1));
      MemorySegment.copy(cache.pool.memory(), offset[0], to, 0, PAGE_BYTES);
      return true;
    } catch (IOException e) {
      // What cannot be read cannot be compared; whoever reads it next is told.
      return false;
    } finally {
      cache.supply.give(frame);
    }
  }

  /** Pages that hold a reservation, by their flags; at rest. */
  public long reservedPages(Mapping m) {
    long[] count = new long[1];
    each(
        m,
        0,
        Long.MAX_VALUE,
        Integer.MAX_VALUE,
        0,
        (page, leaf, word) -> {
          count[0] += SlotWord.is(word, SlotWord.RESERVED) ? 1 : 0;
          return "";
        });
    return count[0];
  }

  private long differs(long word, int from, int to, MemorySegment other) {
    if (from >= to) {
      return -1;
    }
    long at = FramePool.offset(SlotWord.frame(word));
    long found = MemorySegment.mismatch(cache.pool.memory(), at + from, at + to, other, from, to);
    return found < 0 ? -1 : from + found;
  }

  /** Invariant I3: dirty pages inside the end of file are mapped or hold a reservation. */
  public String unbacked(Mapping m) {
    Invariant.I3.held();
    return each(
        m,
        0,
        m.endPage(),
        Integer.MAX_VALUE,
        0,
        (page, leaf, word) ->
            SlotWord.is(word, SlotWord.DIRTY)
                    && !SlotWord.is(word, SlotWord.RESERVED | SlotWord.LOCK)
                    && m.backing.lookup(page).isHole()
                ? "dirty over a hole without a reservation"
                : "");
  }

  /**
   * Whether nobody can store to the page while the caller holds the mapping lock exclusive: it is
   * clean, or not cached.
   */
  public boolean holdsStill(Mapping m, long page) {
    Leaf leaf = m.table.find(page);
    if (leaf == null) {
      return true;
    }
    // One look: here a page that changes meanwhile is a finding, not to be passed over.
    long word = leaf.get(Leaf.index(page));
    return SlotWord.frame(word) == 0 || clean(word);
  }

  /**
   * Invariant I15: after bytes {@code [from, to)} were destroyed, and with the mapping lock still
   * exclusive, no page lies wholly inside but zeros, and clean pages at its edges are zero there.
   */
  public String survivor(Mapping m, long from, long to) {
    Invariant.I15.held();
    return each(
        m,
        from >> PAGE_SHIFT,
        (to + PAGE_BYTES - 1) >> PAGE_SHIFT,
        (page, leaf, word) -> {
          int first = (int) Math.max(0, from - (page << PAGE_SHIFT));
          int last = (int) Math.min(PAGE_BYTES, to - (page << PAGE_SHIFT));
          boolean whole = first == 0 && last == PAGE_BYTES;
          if (SlotWord.frame(word) == 0) {
            return "";
          }
          if (whole && SlotWord.is(word, SlotWord.LOCK | SlotWord.DIRTY | SlotWord.WRITEBACK)) {
            return "in use inside the destroyed range";
          }
          // A store may reach a dirty edge without the lock.
          long differs = clean(word) ? differs(word, first, last, ZEROS) : -1;
          return differs < 0 ? "" : "byte " + differs + " survived";
        });
  }

  /** Invariant I16: in the page that a file of {@code size} bytes ends in, zeros behind it. */
  public String tail(Mapping m, long size) {
    Invariant.I16.held();
    int inside = (int) (size & (PAGE_BYTES - 1));
    if (inside == 0) {
      return "";
    }
    long page = size >> PAGE_SHIFT;
    return each(
        m,
        page,
        page + 1,
        (p, leaf, word) -> {
          if (SlotWord.frame(word) == 0
              || !SlotWord.is(word, SlotWord.UPTODATE)
              || SlotWord.is(word, SlotWord.LOCK)) {
            return "";
          }
          long differs = differs(word, inside, PAGE_BYTES, ZEROS);
          return differs < 0 ? "" : "byte " + differs + " lies behind " + size + " and is not 0";
        });
  }

  /** Invariant I16 for the frame of a page whose LOCK the caller holds. */
  void requireTail(Mapping m, long page, int frame, long inside, int to) {
    if (inside < 0 || inside >= to) {
      return;
    }
    long at = FramePool.offset(frame);
    long found =
        MemorySegment.mismatch(cache.pool.memory(), at + inside, at + to, ZEROS, 0, to - inside);
    if (found >= 0) {
      byte b = cache.pool.memory().get(ValueLayout.JAVA_BYTE, at + inside + found);
      Invariant.I16.broken(
          "inode %d page %d: byte %d behind the end of file is %d"
              .formatted(m.ino(), page, inside + found, b));
    }
    Invariant.I16.held();
  }
}
