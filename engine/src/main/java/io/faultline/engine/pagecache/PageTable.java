package io.faultline.engine.pagecache;

import io.faultline.engine.runtime.Mutant;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The slots of one file: a radix tree of 512-slot leaves that exists only where pages are or were
 * (rule R17: nothing is proportional to the offset).
 *
 * <p>Lookups take nothing. Growth and unlinking are under the table's monitor. A leaf leaves the
 * table only after every one of its words was CASed to {@link SlotWord#DEAD}; whoever meets that
 * word begins again at the root.
 */
final class PageTable {
  static final int LEAF_SHIFT = 9;
  static final int LEAF_SLOTS = 1 << LEAF_SHIFT;
  private static final int MASK = LEAF_SLOTS - 1;

  /** 512 slots. */
  static final class Leaf {
    private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

    final PageTable table;
    final long firstPage;
    private final long[] words = new long[LEAF_SLOTS];

    /** Slots with a frame: a leaf without any may be unlinked. */
    final AtomicInteger resident = new AtomicInteger();

    /** Never fewer than the slots with DIRTY, so that whoever writes back may pass a leaf over. */
    final AtomicInteger dirty = new AtomicInteger();

    /** Never fewer than the slots with WRITEBACK. */
    final AtomicInteger writeback = new AtomicInteger();

    Leaf(PageTable table, long firstPage, long version) {
      this.table = table;
      this.firstPage = firstPage;
      java.util.Arrays.fill(words, SlotWord.ofVersion(version));
    }

    static int index(long page) {
      return (int) page & MASK;
    }

    long get(int i) {
      return (long) WORDS.getAcquire(words, i);
    }

    /** For the re-check behind a fence. */
    long getOpaque(int i) {
      return (long) WORDS.getOpaque(words, i);
    }

    boolean cas(int i, long expected, long word) {
      return WORDS.compareAndSet(words, i, expected, word);
    }
  }

  private static final class Node {
    private static final VarHandle SLOTS = MethodHandles.arrayElementVarHandle(Object[].class);

    /** A child covers {@code 1 << shift} pages. */
    final int shift;

    private final @Nullable Object[] slots = new @Nullable Object[LEAF_SLOTS];

    Node(int shift) {
      this.shift = shift;
    }

    @Nullable Object child(long page) {
      return SLOTS.getAcquire(slots, (int) (page >>> shift) & MASK);
    }

    void setChild(long page, @Nullable Object child) {
      SLOTS.setRelease(slots, (int) (page >>> shift) & MASK, child);
    }
  }

  /** Of the file whose slots these are. */
  final long ino;

  /** A {@link Leaf}, a {@link Node} or nothing; pages the root covers: {@code 1 << rootShift}. */
  private volatile @Nullable Object root;

  private volatile int rootShift = LEAF_SHIFT;

  /** Words of a leaf made again begin above every version its pages had (rule R17). */
  private long versionFloor;

  PageTable(long ino) {
    this.ino = ino;
  }

  /** The leaf of {@code page}, if there is one. */
  @Nullable Leaf find(long page) {
    Object at = root;
    if (at instanceof Leaf leaf) {
      return leaf.firstPage == (page & ~(long) MASK) ? leaf : null;
    }
    if (at instanceof Node top && page >>> top.shift >= LEAF_SLOTS) {
      return null;
    }
    while (at instanceof Node node) {
      at = node.child(page);
    }
    return (Leaf) at;
  }

  /** The leaf of {@code page}, made if there is none. */
  Leaf findOrCreate(long page) {
    Leaf found = find(page);
    return found != null ? found : create(page);
  }

  private synchronized Leaf create(long page) {
    Object at = root;
    long first = page & ~(long) MASK;
    if (at == null) {
      // The first leaf fixes the height: enough levels that page 0 and this page share the root.
      int shift = LEAF_SHIFT;
      while (page >>> shift != 0) {
        shift += LEAF_SHIFT;
      }
      rootShift = shift;
      if (shift == LEAF_SHIFT) {
        Leaf leaf = new Leaf(this, first, versionFloor);
        root = leaf;
        return leaf;
      }
      at = new Node(shift - LEAF_SHIFT);
      root = at;
    }
    while (page >>> rootShift != 0) {
      Node taller = new Node(rootShift);
      taller.setChild(0, at);
      rootShift += LEAF_SHIFT;
      root = taller;
      at = taller;
    }
    while (at instanceof Node node) {
      Object child = node.child(page);
      if (child == null) {
        child =
            node.shift == LEAF_SHIFT
                ? new Leaf(this, first, versionFloor)
                : new Node(node.shift - LEAF_SHIFT);
        node.setChild(page, child);
      }
      at = child;
    }
    return (Leaf) at;
  }

  /** The first leaf that begins at or behind {@code page}'s leaf; null if there is none. */
  @Nullable Leaf ceiling(long page) {
    return ceiling(root, rootShift, 0, page & ~(long) MASK);
  }

  private static @Nullable Leaf ceiling(@Nullable Object at, int coverShift, long base, long from) {
    if (at == null || (from > base && from - base >= 1L << Math.min(62, coverShift))) {
      return null;
    }
    if (at instanceof Leaf leaf) {
      return leaf.firstPage >= from ? leaf : null;
    }
    Node node = (Node) at;
    long start = Math.max(0, from - base) >>> node.shift;
    for (long c = start; c < LEAF_SLOTS; c++) {
      long childBase = base + (c << node.shift);
      Leaf leaf = ceiling(node.child(childBase), node.shift, childBase, Math.max(from, childBase));
      if (leaf != null) {
        return leaf;
      }
    }
    return null;
  }

  /**
   * Takes {@code leaf} out if nothing is in it but empty slots and known holes. Whoever still holds
   * it meets dead words.
   */
  synchronized boolean tryUnlink(Leaf leaf) {
    if (leaf.resident.get() != 0 || find(leaf.firstPage) != leaf) {
      return false;
    }
    long top = versionFloor;
    for (int i = 0; i < LEAF_SLOTS; i++) {
      long word = leaf.get(i);
      if (Mutant.R17_LEAF_NOT_KILLED.on()) {
        continue;
      }
      if (SlotWord.frame(word) != 0
          || SlotWord.is(word, SlotWord.LOCK)
          || !leaf.cas(i, word, SlotWord.DEAD)) {
        // Somebody came: give the slots back. Those who saw DEAD meanwhile look the leaf up again.
        for (int back = 0; back < i; back++) {
          leaf.cas(back, SlotWord.DEAD, SlotWord.ofVersion(top + 1));
        }
        versionFloor = top + 1;
        return false;
      }
      top = Math.max(top, SlotWord.version(word));
    }
    versionFloor = top + 1;
    Object at = root;
    if (at == leaf) {
      root = null;
      return true;
    }
    while (at instanceof Node node) {
      Object child = node.child(leaf.firstPage);
      if (child == leaf) {
        node.setChild(leaf.firstPage, null);
        return true;
      }
      at = child;
    }
    throw new AssertionError("leaf " + leaf.firstPage + " was found and is not there");
  }
}
