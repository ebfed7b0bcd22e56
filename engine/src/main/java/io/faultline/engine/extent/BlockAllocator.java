package io.faultline.engine.extent;

import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockRank;
import io.faultline.engine.runtime.Mutant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The device's free blocks, in allocation groups of {@value #GROUP_BLOCKS} with a lock each. Which
 * blocks are free is never evented: at open it is derived from all mappings (rule R23), and a freed
 * block comes here only when the transaction that freed it is durable (invariant I6).
 *
 * <p>Thread-safe. One group lock is held at a time, nothing is acquired inside it; the monitor of
 * an {@link AllocationWindow} is held around it.
 */
public final class BlockAllocator {
  /** Blocks of one group: 128 MiB, as in ext4. */
  public static final int GROUP_BLOCKS = 32_768;

  /** Which free blocks to hand out first. */
  public enum Policy {
    /** From the goal on, then where all fits, then whatever is free. */
    NEXT_FIT,
    /**
     * The most recently freed run first. Makes stale mappings show at once, so the race laboratory
     * and the soak test use it.
     */
    REUSE_LAST_FREED
  }

  /**
   * Who asks for fewer syncs often. Its windows stay small, so that zeros written in the image
   * ahead of the highest write are ahead of it too.
   */
  private static final int STREAM_BLOCKS = 64;

  private static final int AHEAD_BLOCKS_SMALL = 256;

  /** As many freed runs are remembered for {@link Policy#REUSE_LAST_FREED}. */
  private static final int REMEMBERED_MAX = 4_096;

  private final long blocks;
  private final Policy policy;
  private final BlockLedger ledger;
  private final AllocationGroup[] groups;
  private final ArrayDeque<BlockRun> lastFreed = new ArrayDeque<>();

  public BlockAllocator(long blocks, Policy policy) {
    this(blocks, policy, BlockLedger.off());
  }

  /**
   * @param ledger hears of every block before it can be handed out again
   */
  public BlockAllocator(long blocks, Policy policy, BlockLedger ledger) {
    this.blocks = blocks;
    this.ledger = ledger;
    this.policy = policy;
    this.groups = new AllocationGroup[(int) ((blocks + GROUP_BLOCKS - 1) / GROUP_BLOCKS)];
    for (int g = 0; g < groups.length; g++) {
      groups[g] =
          new AllocationGroup((int) Math.min(GROUP_BLOCKS, blocks - (long) g * GROUP_BLOCKS));
    }
  }

  public long blocks() {
    return blocks;
  }

  /** Blocks nobody owns; exact when nobody allocates or frees meanwhile. */
  public long freeBlocks() {
    long sum = 0;
    for (AllocationGroup g : groups) {
      g.lock.lock();
      try {
        sum += g.free;
      } finally {
        g.lock.unlock();
      }
    }
    return sum;
  }

  /**
   * Marks blocks that a mapping owns, at open.
   *
   * @throws IllegalArgumentException if they lie outside the device
   * @throws IllegalStateException if one of them has an owner already
   */
  public void markUsed(BlockRun run) {
    if (run.end() > blocks) {
      throw new IllegalArgumentException(run + " lies outside a device of " + blocks + " blocks");
    }
    forEachGroup(run, (group, from, length) -> group.mark(from, length, true));
    ledger.recovered(run);
  }

  /** Gives blocks back; they may be handed out at once. */
  public void free(BlockRun run) {
    ledger.released(run);
    if (!Mutant.I14_FREED_BLOCK_LOST.on()) {
      giveBack(run);
    }
  }

  private void giveBack(BlockRun run) {
    forEachGroup(run, (group, from, length) -> group.mark(from, length, false));
    if (policy == Policy.REUSE_LAST_FREED) {
      synchronized (lastFreed) {
        lastFreed.addLast(run);
        if (lastFreed.size() > REMEMBERED_MAX) {
          lastFreed.removeFirst();
        }
      }
    }
  }

  /** As below, for a file that does not grow. */
  public List<BlockRun> allocate(long want, long goal) {
    return allocate(want, goal, null);
  }

  /**
   * Takes {@code want} blocks in as few runs as the policy finds: from {@code goal} on if that is
   * free, else where there is room for all of them.
   *
   * @param goal a device block to begin looking at, or {@link Extent#NO_BLOCK}
   * @param window of a file that grows by them; comes to lie behind the last of them
   * @throws IllegalStateException if the device has fewer free blocks: the caller must have been
   *     promised them by {@link SpaceCounter} (rule R20: allocation at writeback never fails)
   */
  public List<BlockRun> allocate(long want, long goal, @Nullable AllocationWindow window) {
    List<BlockRun> taken = new ArrayList<>(2);
    if (policy == Policy.REUSE_LAST_FREED) {
      takeFragments(takeLastFreed(want, taken), goal, false, taken);
    } else if (window == null) {
      take(want, goal, null, taken);
    } else {
      synchronized (window) {
        take(want, goal, window, taken);
        moveBehind(window, taken.getLast().end(), want);
      }
    }
    taken.forEach(ledger::taken);
    return taken;
  }

  private void take(long want, long goal, @Nullable AllocationWindow window, List<BlockRun> taken) {
    long near = goal;
    if (near < 0 && window != null && window.group >= 0) {
      // What comes before is being written back by somebody else and not mapped yet.
      near = (long) window.group * GROUP_BLOCKS + window.from;
    }
    long left = goOn(want, near, window, taken);
    int ahead = window == null ? 0 : ahead(window, want);
    while (left > 0) {
      int piece = (int) Math.min(left, GROUP_BLOCKS);
      boolean found = false;
      // Not at once for all that will come: less may be all that is free in one piece.
      for (int room = Math.min(GROUP_BLOCKS, piece + ahead); !found; ) {
        found = takeWhereRoomIs(piece, room, near, window, taken);
        if (found || room == piece) {
          break;
        }
        room = piece + (room - piece) / 8;
      }
      if (!found) {
        left = takeFragments(left, near, true, taken);
        takeFragments(left, near, false, taken);
        return;
      }
      left -= piece;
    }
  }

  /** Takes what is free at {@code goal} and directly behind it; returns what is still wanted. */
  private long goOn(long want, long goal, @Nullable AllocationWindow window, List<BlockRun> taken) {
    long left = want;
    long at = goal;
    while (left > 0 && at >= 0 && at < blocks) {
      int g = (int) (at / GROUP_BLOCKS);
      int from = (int) (at % GROUP_BLOCKS);
      AllocationGroup group = lock(g);
      int length;
      try {
        length = group.room(from, left, window);
        if (length > 0) {
          group.mark(from, length, true);
        }
      } finally {
        unlock(g);
      }
      if (length == 0) {
        break;
      }
      add(taken, at, length);
      left -= length;
      at += length;
      if (at % GROUP_BLOCKS != 0) {
        break;
      }
    }
    return left;
  }

  private boolean takeWhereRoomIs(
      int piece, int room, long goal, @Nullable AllocationWindow window, List<BlockRun> taken) {
    long first = goal >= 0 && goal < blocks ? goal : 0;
    for (int i = 0; i <= groups.length; i++) {
      int g = (int) ((first / GROUP_BLOCKS + i) % groups.length);
      AllocationGroup group = lock(g);
      try {
        int at = group.find(i == 0 ? (int) (first % GROUP_BLOCKS) : 0, room, window);
        if (at >= 0) {
          group.mark(at, piece, true);
          add(taken, (long) g * GROUP_BLOCKS + at, piece);
          return true;
        }
      } finally {
        unlock(g);
      }
    }
    return false;
  }

  /** Twice as much as last time, so that the pieces of a file grow with it. */
  private static int ahead(AllocationWindow window, long want) {
    int most = want < STREAM_BLOCKS ? AHEAD_BLOCKS_SMALL : GROUP_BLOCKS;
    long more = Math.min(most, Math.max(4 * want, 2L * window.ahead));
    return (int) Math.max(window.ahead, more);
  }

  /** The file ends with block {@code end} now, having asked for {@code want}. */
  private void moveBehind(AllocationWindow window, long end, long want) {
    int left = 0;
    if (window.group == end / GROUP_BLOCKS && end % GROUP_BLOCKS >= window.from) {
      left = window.to - (int) (end % GROUP_BLOCKS);
    }
    if (left <= 0) {
      left = ahead(window, want);
      window.ahead = left;
    }
    close(window);
    if (end >= blocks) {
      return;
    }
    int g = (int) (end / GROUP_BLOCKS);
    int from = (int) (end % GROUP_BLOCKS);
    AllocationGroup group = lock(g);
    try {
      int length = group.room(from, left, window);
      if (length > 0) {
        group.open(window, from, from + length);
        window.group = g;
      }
    } finally {
      unlock(g);
    }
  }

  /** The blocks of {@code window} are anybody's again. */
  public void close(AllocationWindow window) {
    synchronized (window) {
      if (window.group < 0) {
        return;
      }
      AllocationGroup group = lock(window.group);
      try {
        group.close(window);
      } finally {
        unlock(window.group);
      }
      window.group = -1;
    }
  }

  /**
   * Takes what is free, however small, from {@code goal} on.
   *
   * @param outside of windows only; otherwise all must be found
   * @return what is still wanted
   */
  private long takeFragments(long want, long goal, boolean outside, List<BlockRun> taken) {
    long left = want;
    long from = goal >= 0 && goal < blocks ? goal : 0;
    // Twice round: a block freed behind the hand during the first round is found in the second.
    for (int i = 0; left > 0 && i <= 2 * groups.length; i++) {
      int g = (int) ((from / GROUP_BLOCKS + i) % groups.length);
      left = takeFrom(g, i == 0 ? (int) (from % GROUP_BLOCKS) : 0, left, outside, taken);
    }
    if (left > 0 && !outside) {
      taken.forEach(this::giveBack);
      throw new IllegalStateException("promised blocks, " + left + " are not there");
    }
    return left;
  }

  private AllocationGroup lock(int g) {
    LockOrder.acquired(LockRank.ALLOCATION_GROUP, g);
    groups[g].lock.lock();
    return groups[g];
  }

  private void unlock(int g) {
    groups[g].lock.unlock();
    LockOrder.released(LockRank.ALLOCATION_GROUP, g);
  }

  private static void add(List<BlockRun> taken, long start, long length) {
    if (!taken.isEmpty() && taken.getLast().end() == start) {
      BlockRun before = taken.removeLast();
      taken.add(new BlockRun(before.start(), before.length() + length));
    } else {
      taken.add(new BlockRun(start, length));
    }
  }

  private long takeLastFreed(long want, List<BlockRun> taken) {
    long left = want;
    while (left > 0) {
      BlockRun run;
      synchronized (lastFreed) {
        run = lastFreed.pollLast();
      }
      if (run == null) {
        return left;
      }
      int g = (int) (run.start() / GROUP_BLOCKS);
      long end = Math.min(run.end(), (long) (g + 1) * GROUP_BLOCKS);
      AllocationGroup group = lock(g);
      try {
        long at = run.start();
        while (left > 0 && at < end) {
          int b = group.nextFree((int) (at % GROUP_BLOCKS));
          if (b < 0 || (long) g * GROUP_BLOCKS + b >= end) {
            break;
          }
          long start = (long) g * GROUP_BLOCKS + b;
          int length = group.freeRun(b, Math.min(left, end - start));
          group.mark(b, length, true);
          taken.add(new BlockRun(start, length));
          left -= length;
          at = start + length;
        }
        if (left == 0 && at < run.end()) {
          synchronized (lastFreed) {
            lastFreed.addLast(new BlockRun(at, run.end() - at));
          }
        }
      } finally {
        unlock(g);
      }
    }
    return left;
  }

  private long takeFrom(int g, int start, long want, boolean outside, List<BlockRun> taken) {
    AllocationGroup group = lock(g);
    long left = want;
    try {
      int at = start;
      while (left > 0 && group.free > 0 && at < group.blocks) {
        int b = outside ? group.find(at, 1, null) : group.nextFree(at);
        if (b < 0) {
          break;
        }
        int length = outside ? group.room(b, left, null) : group.freeRun(b, left);
        group.mark(b, length, true);
        add(taken, (long) g * GROUP_BLOCKS + b, length);
        left -= length;
        at = b + length;
      }
    } finally {
      unlock(g);
    }
    return left;
  }

  private interface InGroup {
    void at(AllocationGroup group, int from, int length);
  }

  private void forEachGroup(BlockRun run, InGroup action) {
    long at = run.start();
    while (at < run.end()) {
      int g = (int) (at / GROUP_BLOCKS);
      int from = (int) (at % GROUP_BLOCKS);
      int length = (int) Math.min(run.end() - at, groups[g].blocks - from);
      AllocationGroup group = lock(g);
      try {
        action.at(group, from, length);
      } finally {
        unlock(g);
      }
      at += length;
    }
  }

  /** The free blocks as a bit map, lowest block first; for checks at quiescence. */
  public long[] freeMap() {
    long[] map = new long[(int) ((blocks + 63) >>> 6)];
    int word = 0;
    for (AllocationGroup g : groups) {
      g.lock.lock();
      try {
        for (long used : g.used) {
          map[word++] = ~used;
        }
        if ((g.blocks & 63) != 0) {
          map[word - 1] &= (1L << g.blocks) - 1;
        }
      } finally {
        g.lock.unlock();
      }
    }
    return Arrays.copyOf(map, word);
  }
}
