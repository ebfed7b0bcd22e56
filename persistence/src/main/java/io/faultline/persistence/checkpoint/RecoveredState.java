package io.faultline.persistence.checkpoint;

import io.faultline.engine.device.JournalStore;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.InodeTable;
import io.faultline.persistence.replay.JournalReader;
import io.faultline.persistence.replay.VolumeReplay;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.IOException;

/**
 * The newest state of a volume, found without Akka and without writing anything: for opening it to
 * read.
 *
 * @param table all inodes
 * @param lastLsn the newest transaction, 0 for a new volume
 */
public record RecoveredState(InodeTable table, long lastLsn) {
  /**
   * Reads the newest checkpoint that is whole and the journal behind it.
   *
   * @throws FsException EUCLEAN when either is damaged so that the state cannot be found
   */
  public static RecoveredState read(
      JournalStore journal, CheckpointStore checkpoints, VolumeIdentity identity)
      throws IOException {
    RecoveryPoint start = RecoveryPoint.newest(journal, checkpoints, identity);
    try (JournalReader tail =
        JournalReader.behind(journal, identity, start.anchor(), Long.MAX_VALUE)) {
      VolumeReplay.apply(tail, Long.MAX_VALUE, start.table());
      return new RecoveredState(start.table(), tail.lastLsn());
    }
  }
}
