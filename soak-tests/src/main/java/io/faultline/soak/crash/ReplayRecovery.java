package io.faultline.soak.crash;

import io.faultline.engine.device.JournalStore;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.volume.Fsck;
import io.faultline.persistence.checkpoint.CheckpointFiles;
import io.faultline.persistence.checkpoint.CheckpointStore;
import io.faultline.persistence.checkpoint.Continuity;
import io.faultline.persistence.checkpoint.RecoveredState;
import io.faultline.persistence.segment.SegmentScanner;
import io.faultline.persistence.volume.Superblock;
import io.faultline.persistence.volume.SuperblockFile;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Recovery without a volume: superblock, journal scan, replay through the engine's own apply, fsck;
 * file contents straight from the blocks. What it says of a state is compared with what an opened
 * volume says on a share of all states. Everything but the contents depends on names and files
 * alone, so it is done once for each of those. Not thread-safe.
 */
final class ReplayRecovery {
  private static final int KNOWN_MAX = 4_096;

  /** What the files say: a table, or why there is none. */
  record Outcome(Map<Long, Inode.RegularFile> files, Found found, long lastLsn, String problem) {
    boolean sound() {
      return problem.isEmpty();
    }
  }

  /** There is no volume, which is right as long as its creation has not returned. */
  static final String ABSENT = "there is no volume";

  /** How a problem begins that recovery does not see: what is kept of the past has a hole. */
  static final String GAP = "gap: ";

  private final Map<Long, Outcome> known = new HashMap<>();
  private long recoveries;

  /** Recoveries done, not counting those that were known. */
  long recoveries() {
    return recoveries;
  }

  /** Recovers {@code state}. */
  Outcome recover(MediaState state) {
    long key = state.filesHash();
    Outcome outcome = known.get(key);
    if (outcome == null) {
      if (known.size() >= KNOWN_MAX) {
        known.clear();
      }
      recoveries++;
      outcome = fromFiles(state);
      known.put(key, outcome);
    }
    Map<Long, Found.Content> contents = new HashMap<>();
    outcome.files().forEach((ino, file) -> contents.put(ino, new OnBlocks(file, state)));
    return new Outcome(
        outcome.files(),
        new Found(outcome.found().names(), contents),
        outcome.lastLsn(),
        outcome.problem());
  }

  private static Outcome fromFiles(MediaState state) {
    try {
      if (state.file(CrashVolume.VOLUME_NAME) == null
          || state.file(CrashVolume.ROOT + "/" + SuperblockFile.NAME) == null) {
        return problem(ABSENT);
      }
      Superblock superblock =
          new SuperblockFile(new StateFiles(state, CrashVolume.ROOT)).read("the volume");
      byte[] image = state.file(CrashVolume.IMAGE_NAME);
      if (image == null || image.length < superblock.imageBytes()) {
        return problem("refused: the image is shorter than the superblock says");
      }
      JournalStore journal = new StateFiles(state, CrashVolume.JOURNAL);
      CheckpointStore checkpoints =
          new CheckpointFiles(new StateFiles(state, CrashVolume.CHECKPOINT));
      RecoveredState recovered = RecoveredState.read(journal, checkpoints, superblock.identity());
      InodeTable table = recovered.table();
      long lastLsn = recovered.lastLsn();
      if (lastLsn == 0) {
        return new Outcome(Map.of(), new Found(new TreeMap<>(), Map.of()), 0, "");
      }
      if (table.get(InodeTable.ROOT) == null) {
        return problem("refused: the journal made no root directory");
      }
      Outcome outcome = outcome(table, lastLsn);
      if (!checkpoints.list().isEmpty() || SegmentScanner.firstLsn(journal) > 1) {
        // Recovery looks behind the newest checkpoint only; this at everything that is kept.
        Continuity kept = Continuity.check(journal, checkpoints, superblock.identity());
        if (!kept.problems().isEmpty()) {
          return new Outcome(
              outcome.files(), outcome.found(), lastLsn, GAP + kept.problems().getFirst());
        }
      }
      Fsck.Report report = Fsck.check(table, superblock.blocks());
      return report.findings().isEmpty()
          ? outcome
          : new Outcome(
              outcome.files(), outcome.found(), lastLsn, "fsck: " + report.findings().getFirst());
    } catch (FsException e) {
      return problem("refused: " + e.getMessage());
    } catch (IOException | RuntimeException e) {
      return problem("failed: " + e);
    }
  }

  private static Outcome problem(String text) {
    return new Outcome(Map.of(), new Found(new TreeMap<>(), Map.of()), 0, text);
  }

  /** The tree and the files of a table. */
  static Outcome outcome(InodeTable table, long lastLsn) {
    TreeMap<String, Found.Named> names = new TreeMap<>();
    Map<Long, Inode.RegularFile> files = new HashMap<>();
    walk(table, InodeTable.ROOT, "", names, files);
    return new Outcome(files, new Found(names, Map.of()), lastLsn, "");
  }

  private static void walk(
      InodeTable table,
      long ino,
      String prefix,
      SortedMap<String, Found.Named> names,
      Map<Long, Inode.RegularFile> files) {
    if (!(table.get(ino) instanceof Inode.Directory directory) || prefix.length() > 256) {
      return;
    }
    for (Map.Entry<String, Long> entry : directory.entries().entrySet()) {
      Inode child = table.get(entry.getValue());
      if (child == null) {
        continue; // fsck says so
      }
      String path = prefix + "/" + entry.getKey();
      names.put(path, new Found.Named(child.ino(), child.kind(), child.attributes().nlink()));
      if (child instanceof Inode.RegularFile file) {
        files.put(child.ino(), file);
      }
      walk(table, child.ino(), path, names, files);
    }
  }

  /** A file's bytes as its blocks hold them. */
  private record OnBlocks(Inode.RegularFile file, MediaState state) implements Found.Content {
    @Override
    public int size() {
      return Math.toIntExact(file.durableSize());
    }

    @Override
    public void copy(int offset, byte[] to, int length) {
      Extent extent = file.extents().lookup(offset / Block.BYTES);
      if (!extent.isWritten()) {
        java.util.Arrays.fill(to, 0, length, (byte) 0);
        return;
      }
      Block block = state.block((int) extent.physicalOf(offset / Block.BYTES));
      System.arraycopy(block.bytes(), offset % Block.BYTES, to, 0, length);
    }
  }
}
