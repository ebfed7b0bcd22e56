package io.faultline.persistence.checkpoint;

import io.faultline.engine.device.JournalStore;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.InodeTable;
import io.faultline.persistence.segment.JournalAnchor;
import io.faultline.persistence.segment.SegmentScanner;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a recovery begins with: the newest checkpoint that is whole, or nothing and the whole
 * journal.
 *
 * @param table the state there; the caller's own
 * @param anchor where in the journal it is
 */
public record RecoveryPoint(InodeTable table, JournalAnchor anchor) {
  private static final Logger LOG = LoggerFactory.getLogger(RecoveryPoint.class);

  /** The beginning of every journal. */
  public static RecoveryPoint beginning() {
    return new RecoveryPoint(new InodeTable(), JournalAnchor.BEGINNING);
  }

  /**
   * The newest one. A damaged checkpoint is passed over with a warning if the journal reaches back
   * far enough for an older one, or to its own beginning. Changes nothing.
   *
   * @param journal as the volume's; whether it reaches back is asked of it
   * @throws FsException EUCLEAN naming the damaged checkpoint when nothing else does, or a
   *     checkpoint of a newer format
   */
  public static RecoveryPoint newest(
      JournalStore journal, CheckpointStore checkpoints, VolumeIdentity identity)
      throws IOException {
    return newest(journal, checkpoints, identity, Set.of());
  }

  static RecoveryPoint newest(
      JournalStore journal,
      CheckpointStore checkpoints,
      VolumeIdentity identity,
      Set<CheckpointMutant> mutants)
      throws IOException {
    List<String> damaged = new ArrayList<>();
    RecoveryPoint found = beginning();
    for (long lsn : checkpoints.list().reversed()) {
      try {
        found = load(checkpoints, lsn, identity, mutants);
        break;
      } catch (DamagedCheckpointException e) {
        damaged.add(String.valueOf(e.getMessage()));
      }
    }
    if (!damaged.isEmpty()) {
      long oldest = SegmentScanner.firstLsn(journal);
      String instead =
          found.anchor().lsn() == 0 ? "no checkpoint" : checkpoints.nameOf(found.anchor().lsn());
      if (oldest > Math.max(1, found.anchor().lsn())) {
        throw new FsException(
            Errno.EUCLEAN,
            "open",
            damaged.getFirst()
                + "; with "
                + instead
                + " instead the journal would have to reach back further than to transaction "
                + oldest);
      }
      damaged.forEach(each -> LOG.warn("recovering from {} instead: {}", instead, each));
    }
    return found;
  }

  private static RecoveryPoint load(
      CheckpointStore checkpoints, long lsn, VolumeIdentity identity, Set<CheckpointMutant> mutants)
      throws IOException {
    CheckpointImage image = CheckpointImage.read(checkpoints, lsn, identity, mutants);
    return new RecoveryPoint(new InodeTable(image, image.nextNumber()), image.anchor());
  }
}
