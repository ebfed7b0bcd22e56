package io.faultline.engine.volume;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.extent.BlockAllocator;
import io.faultline.engine.extent.BlockLedger;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.extent.SpaceCounter;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.InodeApply;
import io.faultline.engine.journal.Journal;
import io.faultline.engine.journal.Tx;
import io.faultline.engine.runtime.Barrier;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.StateChange;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Freed blocks on their way back: pending from the event that frees them until its transaction is
 * durable, so that nobody can see them again, not even after a crash (invariant I6). Who finds no
 * space may have them sooner by a commit (rule R20).
 *
 * <p>Hears of transactions on the committing thread and takes allocation groups only (rule R10).
 * Thread-safe.
 */
final class DurableFrees implements Journal.Listener {
  private final LiveVolume volume;
  private final BlockAllocator allocator;
  private final SpaceCounter space;
  private final BlockLedger ledger;
  private final BlockCensus census;
  private final AtomicLong pendingBlocks = new AtomicLong();

  DurableFrees(
      LiveVolume volume,
      BlockAllocator allocator,
      SpaceCounter space,
      BlockLedger ledger,
      BlockCensus census) {
    this.volume = volume;
    this.allocator = allocator;
    this.space = space;
    this.ledger = ledger;
    this.census = census;
  }

  /** An event is in the running transaction. Gives the blocks that it frees. */
  long published(Event event) {
    long freed = 0;
    for (Extent extent : InodeApply.freedBy(event)) {
      freed += extent.length();
    }
    if (freed > 0) {
      pendingBlocks.addAndGet(freed);
      if (Barrier.FREE_WAIT.omitted()) {
        release(event);
      }
    }
    return freed;
  }

  @Override
  public void durable(Tx tx) {
    Yield.note(StateChange.TX_DURABLE, 0, tx.lsn());
    census.atCommit(volume.journal());
    ledger.durable(tx.lsn());
    if (!Barrier.FREE_WAIT.omitted()) {
      tx.events().forEach(this::release);
    }
  }

  @Override
  public void failed(Throwable cause) {
    volume.fail(cause);
  }

  private void release(Event event) {
    long blocks = 0;
    for (Extent extent : InodeApply.freedBy(event)) {
      allocator.free(extent.run());
      blocks += extent.length();
    }
    if (blocks > 0) {
      pendingBlocks.addAndGet(-blocks);
      space.give(blocks);
      Yield.note(StateChange.BLOCKS_FREED, event.ino(), blocks);
      Yield.at(YieldPoint.BLOCKS_FREED, event.ino(), blocks);
    }
  }

  /** Blocks freed by transactions that are not durable. */
  long pendingBlocks() {
    return pendingBlocks.get();
  }

  /** Takes {@code blocks} for an allocation, after a commit if need be (rule R20); or ENOSPC. */
  void takeSpace(long blocks, String operation, long ino) throws FsException {
    if (space.tryTake(blocks)) {
      return;
    }
    commitForSpace();
    if (!space.tryTake(blocks)) {
      throw new FsException(
          Errno.ENOSPC,
          operation,
          ino,
          FsException.NONE,
          FsException.NONE,
          blocks + " blocks are wanted, " + space.available() + " are available");
    }
  }

  /** Makes the frees of the running transaction usable. */
  void commitForSpace() throws FsException {
    if (!Mutant.R20_NO_COMMIT_BEFORE_ENOSPC.on() && pendingBlocks.get() > 0) {
      volume.journal().commitAll();
    }
  }
}
