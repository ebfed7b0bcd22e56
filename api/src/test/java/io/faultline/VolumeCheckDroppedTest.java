package io.faultline;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.device.DirectoryJournalStore;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.FileKind;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.TransactionLog;
import io.faultline.engine.journal.Tx;
import io.faultline.engine.namespace.Namespace;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.volume.LiveVolume;
import io.faultline.persistence.checkpoint.CheckpointFiles;
import io.faultline.persistence.checkpoint.Checkpointer;
import io.faultline.persistence.checkpoint.Keep;
import io.faultline.persistence.codec.TxCodec;
import io.faultline.persistence.segment.JournalAnchor;
import io.faultline.persistence.segment.SegmentFiles;
import io.faultline.persistence.segment.SegmentLog;
import io.faultline.persistence.volume.VolumeDirectory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Goal: fsck of a volume whose journal has lost its beginning to retention begins with a checkpoint
 * and finds what there is to be found: contradictions of before and behind it, and the checkpoint's
 * own damage. Method: small segments of hand-made transactions, dropped by {@link Checkpointer}.
 */
@Timeout(60)
class VolumeCheckDroppedTest {
  private static final int BLOCK = LiveVolume.BLOCK_BYTES;
  private static final long BLOCKS = 256;
  private static final long SEGMENT_BYTES = 1 << 10;
  private static final long FIRST = 11;

  /**
   * Transaction n > 1 makes /fn, one block at 10 + n. There are checkpoints of this one and of the
   * one half as far, and what lies before the latter is dropped.
   */
  private static final int CHECKPOINT = 30;

  private static final int LAST = 40;

  /** Not in the journal any more. */
  private static final int DROPPED = 8;

  @TempDir private Path host;
  private Path volume = Path.of("");

  @BeforeEach
  void place() {
    volume = host.resolve("v");
  }

  private static List<Event> file(long lsn, long block) {
    long ino = FIRST + lsn;
    return List.of(
        new Event.Created(ino, FileKind.REGULAR, 0644, 0, 0, 0, "", lsn),
        new Event.EntryAdded(InodeTable.ROOT, "f" + lsn, ino, false, lsn),
        new Event.LinksChanged(ino, 1, lsn),
        new Event.ExtentsMapped(ino, List.of(Extent.written(0, block, 1)), BLOCK, lsn, lsn));
  }

  /** Makes the volume; the file of transaction {@code thief} has the block of the one before. */
  private void make(long thief) throws Exception {
    try (VolumeDirectory files = VolumeDirectory.create(volume, "ext4", BLOCKS * BLOCK);
        SegmentLog log =
            SegmentLog.open(
                EngineRuntime.production(),
                files.journalStore(),
                files.superblock().identity(),
                JournalAnchor.BEGINNING,
                SEGMENT_BYTES)) {
      for (long lsn = 1; lsn <= LAST; lsn++) {
        List<Event> events =
            lsn == 1 ? Namespace.rootEvents(1) : file(lsn, 10 + (lsn == thief ? lsn - 1 : lsn));
        Tx tx = new Tx(lsn, files.superblock().epoch(), events);
        log.append(lsn, TxCodec.SERIALIZER_ID, TxCodec.MANIFEST, TxCodec.encode(tx)).get();
        if (lsn == CHECKPOINT / 2 || lsn == CHECKPOINT) {
          checkpoint(files, tx);
        }
      }
      assertThat(SegmentFiles.of(files.journalStore()).getFirst().firstLsn())
          .as("the oldest transaction that retention left")
          .isBetween(DROPPED + 1L, CHECKPOINT / 2L + 1);
    }
  }

  private void checkpoint(VolumeDirectory files, Tx newest) {
    CompletableFuture<Void> done = CompletableFuture.completedFuture(null);
    TransactionLog nothing = tx -> done;
    try (Checkpointer checkpointer =
        new Checkpointer(
            EngineRuntime.production(),
            files.journalStore(),
            new CheckpointFiles(
                new DirectoryJournalStore(VolumeDirectory.checkpointDirectory(volume))),
            files.superblock().identity(),
            new Checkpointer.Options(1000, Long.MAX_VALUE, new Keep.Bytes(1)),
            0,
            1000,
            0)) {
      checkpointer.counting(nothing).persist(newest);
    }
  }

  @Test
  void aSoundOneIsCleanAndAllOfItIsCounted() throws Exception {
    make(0);
    FsckReport report = Volume.check(volume);
    assertThat(report.findings()).isEmpty();
    assertThat(report.lastLsn()).isEqualTo(LAST);
    assertThat(report.inodes()).isEqualTo(LAST);
    assertThat(report.blocks()).isEqualTo(LAST - 1);
  }

  @Test
  void aContradictionBehindTheCheckpointIsToldWithItsTransaction() throws Exception {
    make(CHECKPOINT + 5);
    assertThat(Volume.check(volume).findings())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.kind()).contains("block");
              assertThat(finding.lsn()).isEqualTo(CHECKPOINT + 5);
            });
  }

  @Test
  void aContradictionOfBeforeIsToldWithoutOne() throws Exception {
    make(DROPPED);
    assertThat(Volume.check(volume).findings())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.kind()).contains("block");
              assertThat(finding.lsn()).isEqualTo(ErrnoException.NONE);
            });
  }

  @Test
  void whereTheCheckpointsAreDamagedThatIsTheFinding() throws Exception {
    make(0);
    try (Stream<Path> files = Files.list(VolumeDirectory.checkpointDirectory(volume))) {
      for (Path file : files.toList()) {
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 4;
        Files.write(file, bytes);
      }
    }
    assertThat(Volume.check(volume).findings())
        .isNotEmpty()
        .allSatisfy(finding -> assertThat(finding.kind()).isEqualTo("journal"))
        .anySatisfy(finding -> assertThat(finding.saw()).contains(".ckpt"));
  }
}
