package io.faultline.engine.extent;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A part of the device: which of its blocks are used, and where windows lie. Blocks are counted
 * from the first of the group. All but {@link #lock} is guarded by it.
 */
final class AllocationGroup {
  final ReentrantLock lock = new ReentrantLock();
  final int blocks;

  /** A set bit is a used block. */
  final long[] used;

  int free;

  /** No free run is longer; may be too high, never too low. */
  private int longest;

  /** By first block; no two share a block. */
  private final TreeMap<Integer, AllocationWindow> windows = new TreeMap<>();

  AllocationGroup(int blocks) {
    this.blocks = blocks;
    this.used = new long[(blocks + 63) >>> 6];
    this.free = blocks;
    this.longest = blocks;
  }

  private boolean isUsed(int b) {
    return (used[b >>> 6] & (1L << b)) != 0;
  }

  /** The first free block at or behind {@code from}, in a window or not; -1 if there is none. */
  int nextFree(int from) {
    int b = nextBit(from, -1L);
    return b < blocks ? b : -1;
  }

  /** Free blocks from {@code from} on, in windows or not; {@code max} at most. */
  int freeRun(int from, long max) {
    return (int) Math.min(max, Math.min(blocks, nextBit(from, 0)) - from);
  }

  /** The first block at or behind {@code from} whose bit differs from those of {@code like}. */
  private int nextBit(int from, long like) {
    for (int word = from >>> 6; word < used.length; word++) {
      long found = used[word] ^ like;
      if (word == from >>> 6) {
        found &= -1L << from;
      }
      if (found != 0) {
        return (word << 6) + Long.numberOfTrailingZeros(found);
      }
    }
    return blocks;
  }

  /** As {@link #freeRun}, but ends where a window of somebody else begins; 0 inside one. */
  int room(int from, long max, @Nullable AllocationWindow own) {
    if (from >= blocks) {
      return 0;
    }
    int run = freeRun(from, max);
    for (AllocationWindow w = over(from); run > 0 && w != null; w = next(w)) {
      if (w != own) {
        return Math.max(0, Math.min(run, w.from - from));
      }
    }
    return run;
  }

  private @Nullable AllocationWindow next(AllocationWindow window) {
    Map.Entry<Integer, AllocationWindow> next = windows.higherEntry(window.from);
    return next == null ? null : next.getValue();
  }

  /** The window that {@code b} lies in, or the first one behind it. */
  private @Nullable AllocationWindow over(int b) {
    Map.Entry<Integer, AllocationWindow> before = windows.floorEntry(b);
    if (before != null && before.getValue().to > b) {
      return before.getValue();
    }
    Map.Entry<Integer, AllocationWindow> behind = windows.higherEntry(b);
    return behind == null ? null : behind.getValue();
  }

  /** The first place at or behind {@code from} with room for {@code length} blocks; -1 if none. */
  int find(int from, int length, @Nullable AllocationWindow own) {
    if (length > longest) {
      return -1;
    }
    int longestSeen = 0;
    int at = nextFree(from);
    while (at >= 0) {
      int end = at + freeRun(at, blocks);
      longestSeen = Math.max(longestSeen, end - at);
      while (end - at >= length) {
        if (room(at, length, own) == length) {
          return at;
        }
        AllocationWindow inTheWay = over(at);
        while (inTheWay != null && inTheWay == own) {
          inTheWay = next(inTheWay);
        }
        at = inTheWay == null ? end : inTheWay.to;
      }
      at = nextFree(Math.max(at, end));
    }
    if (from == 0) {
      longest = longestSeen;
    }
    return -1;
  }

  /**
   * Takes or gives back {@code length} blocks.
   *
   * @throws IllegalStateException if one of them is that already
   */
  void mark(int from, int length, boolean asUsed) {
    for (int b = from; b < from + length; b++) {
      if (isUsed(b) == asUsed) {
        throw new IllegalStateException("block " + b + " is already " + (asUsed ? "used" : "free"));
      }
      used[b >>> 6] ^= 1L << b;
    }
    free += asUsed ? -length : length;
    if (!asUsed) {
      longest = blocks;
    }
  }

  /** Lays a window over {@code [from, to)}, all of which there is room for. */
  void open(AllocationWindow window, int from, int to) {
    window.from = from;
    window.to = to;
    windows.put(from, window);
  }

  void close(AllocationWindow window) {
    windows.remove(window.from);
    window.from = 0;
    window.to = 0;
  }
}
