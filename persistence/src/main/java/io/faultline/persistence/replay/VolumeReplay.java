package io.faultline.persistence.replay;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.InodeApply;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.Tx;
import java.io.IOException;

/** The state of a volume at a moment, folded from its journal by the engine's own apply. */
public final class VolumeReplay {
  private VolumeReplay() {}

  /**
   * All inodes as they were when transaction {@code uptoLsn} was complete, or the last one before.
   * {@code reader} must stand at the beginning of the journal.
   *
   * @throws FsException EUCLEAN when a transaction does not fit the state before it
   */
  public static InodeTable toTable(JournalReader reader, long uptoLsn) throws IOException {
    InodeTable table = new InodeTable();
    apply(reader, uptoLsn, table);
    return table;
  }

  /**
   * Applies what {@code reader} gives up to {@code uptoLsn}; {@code table} must be the state before
   * it.
   *
   * @throws FsException EUCLEAN when a transaction does not fit the state before it
   */
  public static void apply(JournalReader reader, long uptoLsn, InodeTable table)
      throws IOException {
    for (Tx tx = reader.next(); tx != null && tx.lsn() <= uptoLsn; tx = reader.next()) {
      for (Event event : tx.events()) {
        try {
          table.apply(event);
        } catch (InodeApply.MismatchException e) {
          throw new FsException(
              Errno.EUCLEAN,
              "replay",
              event.ino(),
              "transaction " + tx.lsn() + ": " + e.getMessage(),
              e);
        }
      }
    }
  }
}
