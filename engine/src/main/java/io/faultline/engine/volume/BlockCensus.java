package io.faultline.engine.volume;

import io.faultline.engine.extent.BlockAllocator;
import io.faultline.engine.extent.BlockLedger;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeApply;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.Journal;
import io.faultline.engine.runtime.Invariant;
import io.faultline.engine.runtime.Yield;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Invariant I14 counted from what holds the blocks, not from counters that were kept along the way:
 * free ones from the allocator's bitmaps, owned ones from all extent maps, pending ones from the
 * events that are not durable. Only those between the allocator and a mapping are the ledger's.
 *
 * <p>A count in several steps is exact where nobody moves a block meanwhile: at rest, which {@link
 * Fsck} asks for, and in simulation at every commit that finds no publication half done.
 */
final class BlockCensus {
  private final long blocks;
  private final BlockAllocator allocator;
  private final InodeTable table;
  private final BlockLedger ledger;
  private final AtomicInteger publishing = new AtomicInteger();

  BlockCensus(BlockAllocator allocator, InodeTable table, BlockLedger ledger) {
    this.blocks = allocator.blocks();
    this.allocator = allocator;
    this.table = table;
    this.ledger = ledger;
  }

  /** From here to {@link #published} an event is in the journal or in the state, not in both. */
  void publishes() {
    if (ledger.isOn()) {
      publishing.incrementAndGet();
    }
  }

  void published() {
    if (ledger.isOn()) {
      publishing.decrementAndGet();
    }
  }

  /** Blocks that events which are not durable have freed. */
  static long pending(Journal journal) {
    long pending = 0;
    for (Event event : journal.undurable()) {
      for (Extent extent : InodeApply.freedBy(event)) {
        pending += extent.length();
      }
    }
    return pending;
  }

  /** A transaction is durable and has released nothing yet. */
  void atCommit(Journal journal) {
    if (ledger.isOn() && Yield.SIMULATION && publishing.get() == 0) {
      count(pending(journal));
    }
  }

  /**
   * Counts.
   *
   * @param pending blocks freed by transactions that are not durable
   */
  void count(long pending) {
    BitSet owned = new BitSet();
    long ownedBlocks = 0;
    for (Inode inode : table.all()) {
      if (inode instanceof Inode.RegularFile file) {
        for (Extent extent : file.extents()) {
          owned.set((int) extent.physical(), (int) (extent.physical() + extent.length()));
          ownedBlocks += extent.length();
        }
      }
    }
    BitSet free = BitSet.valueOf(allocator.freeMap());
    long freeBlocks = free.cardinality();
    free.and(owned);
    long taken = ledger.taken();
    Invariant.I14.require(
        owned.cardinality() == ownedBlocks
            && free.isEmpty()
            && freeBlocks + ownedBlocks + pending + taken == blocks,
        "%s free + %s owned (%s of them once, %s free too) + %s pending + %s taken, of %s blocks",
        freeBlocks,
        ownedBlocks,
        owned.cardinality(),
        free.cardinality(),
        pending,
        taken,
        blocks);
  }
}
