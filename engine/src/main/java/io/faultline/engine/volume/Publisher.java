package io.faultline.engine.volume;

import io.faultline.engine.errno.FsException;
import io.faultline.engine.extent.BlockLedger;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.Journal;
import io.faultline.engine.lock.LockRole;
import io.faultline.engine.namespace.StateLocks;
import io.faultline.engine.runtime.EngineTrace;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.StateChange;
import io.faultline.engine.runtime.Yield;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/**
 * The one way by which evented state changes (rule R7): under the inode-state locks of all inodes
 * concerned a batch is applied beside the state, appended to the running transaction, made the
 * state, and told to the files in use. So journal order is memory order. Thread-safe.
 */
final class Publisher {
  private final InodeTable table;
  private final Journal journal;
  private final FilesInUse files;
  private final DurableFrees frees;
  private final BlockLedger ledger;
  private final BlockCensus census;
  private final FlushingDevice image;
  private final Flusher flusher;
  private final StripedStateLocks locks = new StripedStateLocks(this::role);
  private final LongAdder mappingChanges = new LongAdder();

  Publisher(
      InodeTable table,
      Journal journal,
      FilesInUse files,
      DurableFrees frees,
      BlockLedger ledger,
      BlockCensus census,
      FlushingDevice image,
      Flusher flusher) {
    this.table = table;
    this.journal = journal;
    this.files = files;
    this.frees = frees;
    this.ledger = ledger;
    this.census = census;
    this.image = image;
    this.flusher = flusher;
  }

  private LockRole role(long ino) {
    return table.get(ino) instanceof Inode.RegularFile ? LockRole.DATA_FILE : LockRole.DIRECTORY;
  }

  /** As {@link io.faultline.engine.namespace.NamespaceVolume#lockStates} says. */
  StateLocks lockStates(long... inos) {
    return locks.lock(inos);
  }

  /** As {@link io.faultline.engine.namespace.NamespaceVolume#publish} says. */
  long publish(List<Event> batch) throws FsException {
    census.publishes();
    try {
      // Nothing goes into the journal that a replay could not apply: it would never open again.
      InodeTable.Prepared prepared =
          table.prepare(Mutant.B23_APPLY_READS_CLOCK.on() ? atTheClock(batch) : batch);
      long lsn = append(batch);
      for (Event event : batch) {
        LedgerLog.published(ledger, event, lsn, image.writesDone());
        if (changesMapping(event, frees.published(event))) {
          mappingChanges.increment();
        }
      }
      table.install(prepared);
      EngineTrace.appended(lsn);
      for (Event event : batch) {
        Vnode vnode = files.get(event.ino());
        if (vnode != null) {
          vnode.published(event, table.get(event.ino()), lsn);
        }
        if (Yield.SIMULATION || EngineTrace.ON) {
          noteMapping(event, lsn);
        }
      }
      flusher.arm();
      return lsn;
    } finally {
      census.published();
    }
  }

  /**
   * Told to the ledger first: the transaction may be durable, and its blocks released, before the
   * append has returned here.
   */
  private long append(List<Event> batch) throws FsException {
    if (!ledger.isOn()) {
      return journal.append(batch);
    }
    LedgerLog.publishing(ledger, batch, journal.runningLsn());
    try {
      return journal.append(batch);
    } catch (FsException | RuntimeException e) {
      LedgerLog.refused(ledger, batch);
      throw e;
    }
  }

  /** What an apply that reads a clock would make of {@code batch}. */
  private static List<Event> atTheClock(List<Event> batch) {
    List<Event> retimed = new ArrayList<>(batch);
    retimed.replaceAll(
        event ->
            event instanceof Event.AttributesChanged e
                ? new Event.AttributesChanged(
                    e.ino(),
                    e.mode(),
                    e.uid(),
                    e.gid(),
                    e.atimeNanos(),
                    e.mtimeNanos(),
                    Mutant.tick())
                : event);
    return retimed;
  }

  private static void noteMapping(Event event, long lsn) {
    switch (event) {
      case Event.Truncated _,
          Event.RangePunched _,
          Event.RangeZeroed _,
          Event.RangeCollapsed _,
          Event.RangeInserted _,
          Event.ExtentsMapped _,
          Event.ExtentsAllocated _,
          Event.Freed _ ->
          Yield.note(StateChange.MAPPING_CHANGED, event.ino(), lsn);
      default -> {
        // The block map stayed.
      }
    }
  }

  /** Whether the event took away or moved a mapped block. */
  private static boolean changesMapping(Event event, long freed) {
    return switch (event) {
      case Event.Truncated _, Event.RangePunched _ -> freed > 0;
      case Event.RangeCollapsed _, Event.RangeInserted _ -> true;
      default -> false;
    };
  }

  /** Events that took away or moved a mapped block. */
  long mappingChanges() {
    return mappingChanges.sum();
  }
}
