package io.faultline.engine.volume;

import io.faultline.engine.extent.BlockLedger;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.InodeApply;
import io.faultline.engine.journal.TransactionLog;
import io.faultline.engine.journal.Tx;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The log as the ledger sees it: invariant I7 is asked for at the last moment before a transaction
 * is persisted, and events are told as they are published. Adds nothing where the ledger is off.
 */
final class LedgerLog implements TransactionLog {
  private final TransactionLog log;
  private final BlockLedger ledger;
  private final FlushingDevice image;

  LedgerLog(TransactionLog log, BlockLedger ledger, FlushingDevice image) {
    this.log = log;
    this.ledger = ledger;
    this.image = image;
  }

  @Override
  public CompletionStage<Void> persist(Tx tx) {
    if (ledger.isOn()) {
      try {
        ledger.persists(tx.lsn(), image.writesFlushed());
      } catch (RuntimeException broken) {
        return CompletableFuture.failedFuture(broken);
      }
    }
    return log.persist(tx);
  }

  /**
   * Tells the ledger what {@code batch} frees, before it is appended.
   *
   * @param lsnAtLeast of the transaction that will contain it
   */
  static void publishing(BlockLedger ledger, List<Event> batch, long lsnAtLeast) {
    for (Event event : batch) {
      for (Extent freed : InodeApply.freedBy(event)) {
        ledger.freed(freed.run(), lsnAtLeast);
      }
    }
  }

  /** The journal did not take {@code batch}: what it would have freed is mapped as before. */
  static void refused(BlockLedger ledger, List<Event> batch) {
    for (Event event : batch) {
      for (Extent kept : InodeApply.freedBy(event)) {
        ledger.kept(kept.run());
      }
    }
  }

  /**
   * Tells the ledger of an event that transaction {@code lsn} contains, under the inode-state lock.
   *
   * @param writesDone image writes completed so far, all of those the event speaks of among them
   */
  static void published(BlockLedger ledger, Event event, long lsn, long writesDone) {
    if (!ledger.isOn()) {
      return;
    }
    for (Extent freed : InodeApply.freedBy(event)) {
      ledger.freedIn(freed.run(), lsn);
    }
    List<Extent> mapped =
        switch (event) {
          case Event.ExtentsMapped e -> e.written();
          case Event.ExtentsAllocated e -> e.allocated();
          case Event.RangeZeroed e -> e.allocated();
          default -> List.of();
        };
    for (Extent extent : mapped) {
      ledger.mapped(extent);
    }
    if (event instanceof Event.ExtentsMapped) {
      ledger.needsFlush(lsn, writesDone);
    }
  }
}
