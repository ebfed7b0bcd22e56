package io.faultline.engine.pagecache;

import io.faultline.engine.extent.Extent;
import io.faultline.engine.lock.CacheGuard;
import io.faultline.engine.runtime.Checks;
import io.faultline.engine.runtime.Invariant;
import io.faultline.engine.runtime.StateChange;
import io.faultline.engine.runtime.Yield;
import java.util.concurrent.atomic.LongAdder;

/**
 * The page-cache side of one inode: its page table, its mapping lock and the size users see.
 *
 * <table>
 * <caption>Fields and what guards them</caption>
 * <tr><th>field</th><th>read</th><th>written</th></tr>
 * <tr><td>table</td><td>lock-free</td><td>slot words by CAS, its shape under a monitor</td></tr>
 * <tr><td>size</td><td>volatile</td><td>IoLock exclusive; when growing, under the slot LOCK of the
 *     page that grows it</td></tr>
 * <tr><td>dirty, reserved</td><td>any time, as a hint</td><td>with the flag they count</td></tr>
 * <tr><td>listed</td><td>volatile</td><td>who makes a page dirty sets, the flusher clears</td></tr>
 * </table>
 */
public final class Mapping {
  final PageTable table;
  final CacheGuard lock;
  final Backing backing;

  /** Sums and not words of one count each: writers of different pages do not meet in them. */
  final LongAdder dirty = new LongAdder();

  final LongAdder reserved = new LongAdder();

  /** Whether the cache's list of files with dirty pages has this one. */
  volatile boolean listed;

  private final long ino;
  private volatile long size;

  /** The first page that a shift is moving; Long.MAX_VALUE while none is half done. */
  private volatile long shiftFrom = Long.MAX_VALUE;

  /**
   * @param sizeBytes isize
   * @param lock of this inode, free
   */
  public Mapping(long sizeBytes, Backing backing, CacheGuard lock) {
    this.ino = lock.ino();
    this.table = new PageTable(ino);
    this.size = sizeBytes;
    this.backing = backing;
    this.lock = lock;
  }

  public long ino() {
    return ino;
  }

  /** The mapping lock: shared to create pages or bring them up to date, exclusive to destroy. */
  public CacheGuard lock() {
    return lock;
  }

  /** isize: the end of file in bytes, as users see it. */
  public long size() {
    return size;
  }

  /** The caller holds the I/O lock exclusive. */
  public void setSize(long bytes) {
    if (bytes != size) {
      Yield.note(StateChange.SIZE_CHANGED, ino, bytes);
    }
    size = bytes;
  }

  /** Pages that writeback has still to pick up. */
  public int dirtyPages() {
    return (int) dirty.sum();
  }

  /** Pages that hold a reservation of one block. */
  public int reservedPages() {
    return (int) reserved.sum();
  }

  /** Whether no page is cached. Exact only when nobody fills. */
  public boolean isEmpty() {
    for (PageTable.Leaf leaf = table.ceiling(0);
        leaf != null;
        leaf = table.ceiling(leaf.firstPage + PageTable.LEAF_SLOTS)) {
      if (leaf.resident.get() != 0) {
        return false;
      }
    }
    return true;
  }

  /** A shift moves pages from {@code page} on and has not ended (invariant I12). */
  public void shiftBegins(long page) {
    shiftFrom = page;
  }

  /** The shift is done, or never happened. */
  public void shiftEnds() {
    shiftFrom = Long.MAX_VALUE;
  }

  /** Invariant I12: nobody maps {@code page} for I/O while a shift is half done. */
  public void requireUnshifted(long page) {
    if (Checks.ON) {
      Invariant.I12.require(
          page < shiftFrom, "inode %s page %s is mapped while a shift is half done", ino, page);
    }
  }

  /** The mapping of {@code page}, for I/O on it. */
  Extent lookup(long page) {
    requireUnshifted(page);
    return backing.lookup(page);
  }

  /** The first page behind the end of file. */
  long endPage() {
    return pagesFor(size);
  }

  static long pagesFor(long bytes) {
    return (bytes + FramePool.PAGE_BYTES - 1) >>> FramePool.PAGE_SHIFT;
  }
}
