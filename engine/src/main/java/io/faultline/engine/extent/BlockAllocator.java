package io.faultline.engine.extent;

import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockRank;
import io.faultline.engine.runtime.Mutant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The device's free blocks, in allocation groups of {@value #GROUP_BLOCKS} with a lock each. Which
 * blocks are free is never evented: at open it is derived from all mappings (rule R23), and a freed
 * block comes here only when the transaction that freed it is durable (invariant I6).
 *
 * <p>Thread-safe. One group lock is held at a time, nothing is acquired inside it.
 */
public final class BlockAllocator {
  /** Blocks of one group: 128 MiB, as in ext4. */
  public static final int GROUP_BLOCKS = 32_768;

  /** Which free blocks to hand out first. */
  public enum Policy {
    /** From the goal on, then the following groups. */
    NEXT_FIT,
    /**
     * The most recently freed run first. Makes stale mappings show at once, so the race laboratory
     * and the soak test use it.
     */
    REUSE_LAST_FREED
  }

  /** As many freed runs are remembered for {@link Policy#REUSE_LAST_FREED}. */
  private static final int REMEMBERED_MAX = 4_096;

  private final long blocks;
  private final Policy policy;
  private final BlockLedger ledger;
  private final Group[] groups;
  private final ArrayDeque<BlockRun> lastFreed = new ArrayDeque<>();

  private static final class Group {
    final ReentrantLock lock = new ReentrantLock();
    final long[] used;
    final int blocks;
    int free;

    Group(int blocks) {
      this.blocks = blocks;
      this.used = new long[(blocks + 63) >>> 6];
      this.free = blocks;
    }

    boolean isUsed(int b) {
      return (used[b >>> 6] & (1L << b)) != 0;
    }

    /** The first free block at or behind {@code from}; -1 if there is none. */
    int nextFree(int from) {
      for (int word = from >>> 6; word < used.length; word++) {
        long free = ~used[word];
        if (word == from >>> 6) {
          free &= -1L << from;
        }
        if (free != 0) {
          int b = (word << 6) + Long.numberOfTrailingZeros(free);
          return b < blocks ? b : -1;
        }
      }
      return -1;
    }

    int freeRun(int from, long max) {
      int end = (int) Math.min(blocks, from + max);
      int b = from;
      while (b < end && !isUsed(b)) {
        b++;
      }
      return b - from;
    }

    void mark(int from, int length, boolean asUsed) {
      for (int b = from; b < from + length; b++) {
        if (isUsed(b) == asUsed) {
          throw new IllegalStateException(
              "block " + b + " is already " + (asUsed ? "used" : "free"));
        }
        used[b >>> 6] ^= 1L << b;
      }
      free += asUsed ? -length : length;
    }
  }

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
    this.groups = new Group[(int) ((blocks + GROUP_BLOCKS - 1) / GROUP_BLOCKS)];
    for (int g = 0; g < groups.length; g++) {
      groups[g] = new Group((int) Math.min(GROUP_BLOCKS, blocks - (long) g * GROUP_BLOCKS));
    }
  }

  public long blocks() {
    return blocks;
  }

  /** Blocks nobody owns; exact when nobody allocates or frees meanwhile. */
  public long freeBlocks() {
    long sum = 0;
    for (Group g : groups) {
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

  /**
   * Takes {@code want} blocks in as few runs as the policy finds, near {@code goal} if that is
   * free.
   *
   * @param goal a device block to begin looking at, or {@link Extent#NO_BLOCK}
   * @throws IllegalStateException if the device has fewer free blocks: the caller must have been
   *     promised them by {@link SpaceCounter} (rule R20: allocation at writeback never fails)
   */
  public List<BlockRun> allocate(long want, long goal) {
    List<BlockRun> taken = new ArrayList<>(2);
    long left = want;
    if (policy == Policy.REUSE_LAST_FREED) {
      left = takeLastFreed(left, taken);
    }
    long from = goal >= 0 && goal < blocks ? goal : 0;
    // Twice round: a block freed behind the hand during the first round is found in the second.
    for (int i = 0; left > 0 && i <= 2 * groups.length; i++) {
      int g = (int) ((from / GROUP_BLOCKS + i) % groups.length);
      left = takeFrom(g, i == 0 ? (int) (from % GROUP_BLOCKS) : 0, left, taken);
    }
    if (left > 0) {
      taken.forEach(this::giveBack);
      throw new IllegalStateException("promised " + want + " blocks, " + left + " are not there");
    }
    taken.forEach(ledger::taken);
    return taken;
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
      Group group = groups[g];
      LockOrder.acquired(LockRank.ALLOCATION_GROUP, g);
      group.lock.lock();
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
        group.lock.unlock();
        LockOrder.released(LockRank.ALLOCATION_GROUP, g);
      }
    }
    return left;
  }

  private long takeFrom(int g, int start, long want, List<BlockRun> taken) {
    Group group = groups[g];
    long left = want;
    LockOrder.acquired(LockRank.ALLOCATION_GROUP, g);
    group.lock.lock();
    try {
      int at = start;
      while (left > 0 && group.free > 0) {
        int b = group.nextFree(at);
        if (b < 0) {
          break;
        }
        int length = group.freeRun(b, left);
        group.mark(b, length, true);
        long first = (long) g * GROUP_BLOCKS + b;
        if (!taken.isEmpty() && taken.getLast().end() == first) {
          BlockRun before = taken.removeLast();
          taken.add(new BlockRun(before.start(), before.length() + length));
        } else {
          taken.add(new BlockRun(first, length));
        }
        left -= length;
        at = b + length;
        if (at >= group.blocks) {
          break;
        }
      }
    } finally {
      group.lock.unlock();
      LockOrder.released(LockRank.ALLOCATION_GROUP, g);
    }
    return left;
  }

  private interface InGroup {
    void at(Group group, int from, int length);
  }

  private void forEachGroup(BlockRun run, InGroup action) {
    long at = run.start();
    while (at < run.end()) {
      int g = (int) (at / GROUP_BLOCKS);
      int from = (int) (at % GROUP_BLOCKS);
      int length = (int) Math.min(run.end() - at, groups[g].blocks - from);
      LockOrder.acquired(LockRank.ALLOCATION_GROUP, g);
      groups[g].lock.lock();
      try {
        action.at(groups[g], from, length);
      } finally {
        groups[g].lock.unlock();
        LockOrder.released(LockRank.ALLOCATION_GROUP, g);
      }
      at += length;
    }
  }

  /** The free blocks as a bit map, lowest block first; for checks at quiescence. */
  public long[] freeMap() {
    long[] map = new long[(int) ((blocks + 63) >>> 6)];
    int word = 0;
    for (Group g : groups) {
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
