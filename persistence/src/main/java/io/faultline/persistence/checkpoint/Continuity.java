package io.faultline.persistence.checkpoint;

import io.faultline.engine.device.JournalStore;
import io.faultline.engine.errno.FsException;
import io.faultline.persistence.replay.ReadOnlyDirectory;
import io.faultline.persistence.segment.JournalAnchor;
import io.faultline.persistence.segment.LogRecord;
import io.faultline.persistence.segment.SegmentScanner;
import io.faultline.persistence.segment.VolumeIdentity;
import io.faultline.persistence.volume.VolumeDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/**
 * Whether checkpoints and segments of a volume hold its history without a gap: every segment from
 * the oldest on continues the one before it, every checkpoint is whole and was made from the
 * transaction that the journal has in its place, and the oldest state that can be reached is the
 * beginning or a checkpoint.
 *
 * @param firstLsn the first transaction in the journal, 1 unless older ones were dropped
 * @param lastLsn the last one, as far as it could be read
 * @param checkpoints the transactions there is a whole checkpoint for, ascending
 * @param problems one line each; empty when there is no gap
 */
public record Continuity(
    long firstLsn, long lastLsn, List<Long> checkpoints, List<String> problems) {
  public Continuity {
    checkpoints = List.copyOf(checkpoints);
    problems = List.copyOf(problems);
  }

  /**
   * The same of a volume in a directory, which may be in use.
   *
   * @throws FsException as {@link VolumeDirectory#readSuperblock}
   */
  public static Continuity check(Path volume) throws IOException {
    return check(
        new ReadOnlyDirectory(VolumeDirectory.journalDirectory(volume)),
        CheckpointFiles.readOnly(volume),
        VolumeDirectory.readSuperblock(volume).identity());
  }

  /**
   * Reads everything from end to end. Writes nothing; of a volume in use, it sees what is durable.
   *
   * @throws IOException the files cannot be listed; whatever is in them is a problem, not an error
   */
  public static Continuity check(
      JournalStore journal, CheckpointStore checkpoints, VolumeIdentity identity)
      throws IOException {
    List<String> problems = new ArrayList<>();
    TreeMap<Long, JournalAnchor> whole = whole(checkpoints, identity, problems);
    List<Long> found = List.copyOf(whole.keySet());
    long first;
    try {
      first = SegmentScanner.firstLsn(journal);
    } catch (FsException e) {
      problems.add(String.valueOf(e.getMessage()));
      return new Continuity(0, 0, found, problems);
    }
    if (first > 1 && (whole.isEmpty() || whole.firstKey() < first)) {
      problems.add(
          "the journal begins with transaction "
              + first
              + (whole.isEmpty()
                  ? " and there is no checkpoint"
                  : ", behind checkpoint " + checkpoints.nameOf(whole.firstKey())));
    }
    long last = first - 1;
    try (SegmentScanner scanner = SegmentScanner.from(journal, identity, 1)) {
      for (LogRecord record = scanner.next(); record != null; record = scanner.next()) {
        last = record.lsn();
        JournalAnchor anchor = whole.remove(last);
        if (anchor != null
            && !anchor.equals(new JournalAnchor(last, scanner.lastCrc(), record.epoch()))) {
          problems.add(
              "checkpoint "
                  + checkpoints.nameOf(last)
                  + " was made from another transaction "
                  + last
                  + " than the one in segment "
                  + record.segment());
        }
      }
    } catch (IOException e) {
      problems.add(String.valueOf(e.getMessage()));
    }
    for (long lsn : whole.tailMap(last, false).keySet()) {
      problems.add(
          "checkpoint "
              + checkpoints.nameOf(lsn)
              + " is newer than the journal, which ends with transaction "
              + last);
    }
    return new Continuity(first, last, found, problems);
  }

  private static TreeMap<Long, JournalAnchor> whole(
      CheckpointStore checkpoints, VolumeIdentity identity, List<String> problems)
      throws IOException {
    TreeMap<Long, JournalAnchor> whole = new TreeMap<>();
    for (long lsn : checkpoints.list()) {
      try (CheckpointReader reader = CheckpointReader.open(checkpoints, lsn, identity, Set.of())) {
        while (reader.next()) {
          reader.inode();
        }
        whole.put(lsn, reader.anchor());
      } catch (FsException | DamagedCheckpointException e) {
        problems.add(String.valueOf(e.getMessage()));
      }
    }
    return whole;
  }
}
