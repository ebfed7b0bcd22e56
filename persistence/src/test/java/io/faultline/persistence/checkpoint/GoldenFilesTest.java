package io.faultline.persistence.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.device.MemoryJournalStore;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Attributes;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.FileKind;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.Tx;
import io.faultline.persistence.checkpoint.CheckpointMerge.Step;
import io.faultline.persistence.codec.TxCodec;
import io.faultline.persistence.replay.JournalReader;
import io.faultline.persistence.segment.JournalAnchor;
import io.faultline.persistence.segment.SegmentLog;
import io.faultline.persistence.segment.VolumeIdentity;
import io.faultline.persistence.volume.Superblock;
import io.faultline.persistence.volume.VolumeDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: volumes written by released formats open for ever. Method: the files of a volume as format
 * 1 wrote them lie in {@code src/test/resources/golden/v1}, with its state as text. Every version
 * reads them, through the checkpoint and without it, and this one writes them again to the byte.
 *
 * <p>A new format gets a directory of its own beside this one, which stays.
 */
@Timeout(60)
class GoldenFilesTest {
  private static final Path GOLDEN = Path.of("src", "test", "resources", "golden", "v1");
  private static final VolumeIdentity WRITER =
      new VolumeIdentity(UUID.fromString("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"), 1);
  private static final VolumeIdentity READER = new VolumeIdentity(WRITER.id(), 2);
  private static final long CHECKPOINT = 12;
  private static final long SEGMENT_BYTES = 1_000;
  private static final long T = 1_795_000_000_123_456_789L;

  /** Tests run in the module's directory or in that of the whole project. */
  private static Path golden() {
    Path module = Path.of("persistence");
    return Files.isDirectory(module) ? module.resolve(GOLDEN) : GOLDEN;
  }

  private static NavigableMap<String, byte[]> files(String directory) throws IOException {
    TreeMap<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> paths = Files.list(golden().resolve(directory))) {
      for (Path path : paths.toList()) {
        files.put(path.getFileName().toString(), Files.readAllBytes(path));
      }
    }
    return files;
  }

  /** One line an inode, in words that do not change with the classes. */
  private static List<String> text(InodeTable table) {
    List<String> lines = new ArrayList<>();
    for (Inode inode : table.all()) {
      Attributes at = inode.attributes();
      StringBuilder line =
          new StringBuilder()
              .append(
                  "%d %s mode=%o uid=%d gid=%d nlink=%d"
                      .formatted(at.ino(), inode.kind(), at.mode(), at.uid(), at.gid(), at.nlink()))
              .append(
                  " times=%d,%d,%d,%d"
                      .formatted(
                          at.atimeNanos(), at.mtimeNanos(), at.ctimeNanos(), at.btimeNanos()));
      switch (inode) {
        case Inode.RegularFile file -> {
          line.append(" size=").append(file.durableSize());
          for (Extent e : file.extents()) {
            line.append(
                " %d:%d:%d:%s".formatted(e.fileBlock(), e.physical(), e.length(), e.state()));
          }
        }
        case Inode.Directory directory -> {
          line.append(" parent=").append(directory.parent());
          directory
              .entries()
              .forEach((name, ino) -> line.append(" ").append(name).append("=").append(ino));
        }
        case Inode.Symlink link -> line.append(" target=").append(link.target());
      }
      lines.add(line.toString());
    }
    lines.add("next " + table.nextNumber());
    return lines;
  }

  @Test
  void filesOfFormatOneAreRead() throws Exception {
    List<String> expected = Files.readAllLines(golden().resolve("state.txt"));
    assertThat(VolumeDirectory.readSuperblock(golden()))
        .isEqualTo(new Superblock(WRITER.id(), "ext4", 4096, 4096, 1, T));
    MemoryJournalStore journal = CheckpointedJournal.storeOf(files("journal"));
    CheckpointStore checkpoints =
        new CheckpointFiles(CheckpointedJournal.storeOf(files("checkpoint")));
    assertThat(checkpoints.list()).containsExactly(CHECKPOINT);
    RecoveredState state = RecoveredState.read(journal, checkpoints, READER);
    assertThat(text(state.table())).isEqualTo(expected);
    RecoveredState replayed =
        RecoveredState.read(journal, new CheckpointFiles(new MemoryJournalStore()), READER);
    assertThat(text(replayed.table())).isEqualTo(expected);
    assertThat(Continuity.check(journal, checkpoints, READER).problems()).isEmpty();
    // A recovery for writing takes them too.
    SegmentLog.open(
            CheckpointedJournal.RUNTIME,
            journal,
            READER,
            RecoveryPoint.newest(journal, checkpoints, READER).anchor())
        .close();
  }

  @Test
  void sameTransactionsAreTheSameBytesAgain() throws Exception {
    List<Tx> transactions = new ArrayList<>();
    try (JournalReader reader =
        JournalReader.over(
            CheckpointedJournal.storeOf(files("journal")), READER, 1, Long.MAX_VALUE)) {
      for (Tx tx = reader.next(); tx != null; tx = reader.next()) {
        transactions.add(tx);
      }
    }
    assertThat(transactions).isEqualTo(history());
    Written again = write(transactions);
    assertSameFiles(again.journal(), files("journal"));
    assertSameFiles(again.checkpoints(), files("checkpoint"));
    assertThat(again.superblock().array())
        .isEqualTo(Files.readAllBytes(golden().resolve("superblock")));
  }

  private static void assertSameFiles(Map<String, byte[]> found, Map<String, byte[]> expected) {
    assertThat(found.keySet()).isEqualTo(expected.keySet());
    found.forEach((name, bytes) -> assertThat(bytes).as(name).isEqualTo(expected.get(name)));
  }

  private record Written(
      Map<String, byte[]> journal, Map<String, byte[]> checkpoints, ByteBuffer superblock) {}

  private static Written write(List<Tx> transactions) throws Exception {
    MemoryJournalStore journal = new MemoryJournalStore();
    MemoryJournalStore checkpoints = new MemoryJournalStore();
    SegmentLog.create(journal, WRITER);
    try (SegmentLog log =
        SegmentLog.open(
            CheckpointedJournal.RUNTIME, journal, WRITER, JournalAnchor.BEGINNING, SEGMENT_BYTES)) {
      for (Tx tx : transactions) {
        log.append(tx.lsn(), TxCodec.SERIALIZER_ID, TxCodec.MANIFEST, TxCodec.encode(tx)).join();
      }
    }
    new CheckpointMerge(journal, new CheckpointFiles(checkpoints), WRITER, Set.of())
        .run(new Step(Optional.empty(), CHECKPOINT, Long.MAX_VALUE));
    ByteBuffer superblock = new Superblock(WRITER.id(), "ext4", 4096, 4096, 1, T).encode();
    return new Written(
        CheckpointedJournal.content(journal), CheckpointedJournal.content(checkpoints), superblock);
  }

  /** Writes the golden files; once for each format. */
  @Test
  void goldenFilesAreWrittenOnRequestOnly() throws Exception {
    if (!Boolean.getBoolean("faultline.golden.write")) {
      assertThat(golden()).isDirectory();
      return;
    }
    Written written = write(history());
    for (Map.Entry<String, Map<String, byte[]>> each :
        Map.of("journal", written.journal(), "checkpoint", written.checkpoints()).entrySet()) {
      Path directory = golden().resolve(each.getKey());
      Files.createDirectories(directory);
      for (Map.Entry<String, byte[]> file : each.getValue().entrySet()) {
        Files.write(directory.resolve(file.getKey()), file.getValue());
      }
    }
    Files.write(golden().resolve("superblock"), written.superblock().array());
    InodeTable table = new InodeTable();
    history().forEach(tx -> tx.events().forEach(table::apply));
    Files.write(golden().resolve("state.txt"), text(table));
  }

  /** Every kind of event and of inode, before the checkpoint and behind it. */
  private static List<Tx> history() {
    List<List<Event>> batches =
        List.of(
            List.of(new Event.Created(2, FileKind.DIRECTORY, 0755, 0, 0, 2, "", T)),
            List.of(
                new Event.Created(11, FileKind.DIRECTORY, 0755, 0, 0, 2, "", T + 1),
                new Event.EntryAdded(2, "src", 11, true, T + 1)),
            create(12, "file \u20ac", T + 2),
            List.of(mapped(12, Extent.written(0, 100, 16), 65_536, T + 3)),
            List.of(
                new Event.RangePunched(
                    12, 4, 8, List.of(Extent.written(4, 104, 4)), 65_536, T + 4, T + 4)),
            create(13, "b", T + 5),
            List.of(
                new Event.ExtentsAllocated(
                    13, List.of(Extent.unwritten(2, 300, 6)), 32_768, T + 6, T + 6)),
            List.of(mapped(13, Extent.written(3, 301, 2), 32_768, T + 7)),
            List.of(
                new Event.RangeZeroed(
                    13, 4, 9, List.of(Extent.unwritten(8, 400, 1)), 36_864, T + 8, T + 8)),
            List.of(
                new Event.Created(14, FileKind.SYMLINK, 0777, 0, -1, 0, "b/\u00e9", T + 9),
                new Event.LinksChanged(14, 1, T + 9),
                new Event.EntryAdded(2, "link", 14, false, T + 9)),
            create(15, "gone", T + 10),
            List.of(
                new Event.Truncated(
                    12, 49_152, List.of(Extent.written(12, 112, 4)), T + 11, T + 11)),
            List.of(
                new Event.RangeCollapsed(
                    12, 8, 10, List.of(Extent.written(8, 108, 2)), 40_960, T + 12, T + 12)),
            List.of(new Event.RangeInserted(12, 1, 3, 53_248, T + 13, T + 13)),
            List.of(
                new Event.EntryRemoved(11, "gone", 15, false, T + 14),
                new Event.LinksChanged(15, 0, T + 14),
                new Event.Freed(15, List.of())),
            List.of(
                new Event.Created(16, FileKind.DIRECTORY, 0700, 3, 4, 11, "", T + 15),
                new Event.EntryAdded(11, "d", 16, true, T + 15)),
            List.of(
                new Event.EntryRemoved(11, "d", 16, true, T + 16),
                new Event.Moved(16, 2, T + 16),
                new Event.EntryAdded(2, "d", 16, true, T + 16)),
            List.of(new Event.AttributesChanged(12, 0600, 1, 2, T, T + 1, T + 17)));
    List<Tx> transactions = new ArrayList<>();
    for (List<Event> batch : batches) {
      transactions.add(new Tx(transactions.size() + 1, 1, batch));
    }
    return transactions;
  }

  private static List<Event> create(long ino, String name, long time) {
    return Arrays.asList(
        new Event.Created(ino, FileKind.REGULAR, 0644, 1000, 1000, 0, "", time),
        new Event.LinksChanged(ino, 1, time),
        new Event.EntryAdded(11, name, ino, false, time));
  }

  private static Event mapped(long ino, Extent extent, long size, long time) {
    return new Event.ExtentsMapped(ino, List.of(extent), size, time, time);
  }
}
