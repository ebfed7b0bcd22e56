package io.faultline;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.FileKind;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.Tx;
import io.faultline.engine.namespace.Namespace;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.volume.Fsck;
import io.faultline.engine.volume.LiveVolume;
import io.faultline.persistence.codec.TxCodec;
import io.faultline.persistence.segment.SegmentLog;
import io.faultline.persistence.volume.VolumeDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/**
 * Goal: a volume whose journal leads to a contradiction is told with inode, place and transaction;
 * checking changes nothing; repairing frees orphans and nothing else. Method: journals of hand-made
 * transactions. A kind without a case here does not compile.
 */
@Timeout(60)
class VolumeCheckTest {
  private static final int BLOCK = LiveVolume.BLOCK_BYTES;
  private static final long BLOCKS = 256;
  private static final long DIR = 11;
  private static final long SUB = 12;
  private static final long FILE = 13;
  private static final long OTHER = 14;

  /** The transactions of {@link #sound}. */
  private static final int SOUND = 4;

  @TempDir Path host;
  private Path volume;

  /** What a finding must say. */
  private record Expected(long ino, String path, long offset, long lsn) {
    static Expected of(long ino, String path, long lsn) {
      return new Expected(ino, path, ErrnoException.NONE, lsn);
    }
  }

  @BeforeEach
  void place() {
    volume = host.resolve("v");
  }

  private static Event created(long ino, FileKind kind, long parent) {
    return new Event.Created(ino, kind, 0755, 0, 0, parent, "", 1);
  }

  private static Event links(long ino, int nlink) {
    return new Event.LinksChanged(ino, nlink, 1);
  }

  private static Event added(long dir, String name, long child, boolean directory) {
    return new Event.EntryAdded(dir, name, child, directory, 1);
  }

  private static Event mapped(long ino, long size, Extent extent) {
    return new Event.ExtentsMapped(ino, List.of(extent), size, 1, 1);
  }

  private static Event allocated(long ino, long size, Extent extent) {
    return new Event.ExtentsAllocated(ino, List.of(extent), size, 1, 1);
  }

  /** /d, /d/s, /d/f with 2 blocks at 10, /g with 1 at 20. */
  private static List<List<Event>> sound() {
    List<List<Event>> txs = new ArrayList<>();
    txs.add(Namespace.rootEvents(1));
    txs.add(
        List.of(
            created(DIR, FileKind.DIRECTORY, InodeTable.ROOT),
            added(InodeTable.ROOT, "d", DIR, true),
            created(SUB, FileKind.DIRECTORY, DIR),
            added(DIR, "s", SUB, true)));
    txs.add(
        List.of(
            created(FILE, FileKind.REGULAR, 0),
            added(DIR, "f", FILE, false),
            links(FILE, 1),
            mapped(FILE, 2 * BLOCK, Extent.written(0, 10, 2))));
    txs.add(
        List.of(
            created(OTHER, FileKind.REGULAR, 0),
            added(InodeTable.ROOT, "g", OTHER, false),
            links(OTHER, 1),
            mapped(OTHER, BLOCK, Extent.written(0, 20, 1))));
    return txs;
  }

  /** A volume whose journal holds {@code txs}, whether or not they make sense. */
  private void write(List<List<Event>> txs) throws Exception {
    try (VolumeDirectory files = VolumeDirectory.create(volume, "ext4", BLOCKS * BLOCK);
        SegmentLog log =
            SegmentLog.open(EngineRuntime.production(), files.journalStore(), files.raiseEpoch())) {
      for (int i = 0; i < txs.size(); i++) {
        Tx tx = new Tx(i + 1, 2, txs.get(i));
        log.append(tx.lsn(), TxCodec.SERIALIZER_ID, TxCodec.MANIFEST, TxCodec.encode(tx)).get();
      }
    }
  }

  /** Everything about the directory that a change would show in. */
  private Map<String, String> fingerprint() throws IOException {
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> tree = Files.walk(host)) {
      for (Path p : tree.toList()) {
        found.put(
            p.toString(),
            Files.getLastModifiedTime(p)
                + (Files.isDirectory(p) ? "" : " " + Arrays.hashCode(Files.readAllBytes(p))));
      }
    }
    return found;
  }

  private FsckReport check() throws IOException {
    Map<String, String> before = fingerprint();
    FsckReport report = Volume.check(volume);
    assertThat(fingerprint()).as("after a check").isEqualTo(before);
    return report;
  }

  @Test
  void aSoundVolumeIsCleanAndItsNewestTransactionNamed() throws Exception {
    write(sound());
    FsckReport report = check();
    assertThat(report.findings()).isEmpty();
    assertThat(report.orphans()).isEmpty();
    assertThat(report.lastLsn()).isEqualTo(SOUND);
    assertThat(report.inodes()).isEqualTo(5);
    assertThat(report.blocks()).isEqualTo(3);
  }

  @Test
  void aVolumeThatNeverHadATransactionIsClean() throws Exception {
    write(List.of());
    assertThat(check().findings()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      value = Fsck.Kind.class,
      mode = Mode.EXCLUDE,
      // No event leads to the first four, and the others are about live volumes; they are made
      // in FsckKindsTest.
      names = {
        "EXTENT_ORDER",
        "EXTENT_OVERLAP",
        "EXTENT_UNMERGED",
        "EXTENT_HOLE",
        "BLOCK_FREE_AND_OWNED",
        "BLOCKS_LEAKED",
        "LEDGER",
        "PENDING",
        "PAGES_RESERVED",
        "RESERVATIONS",
        "PAGE_STALE",
        "PAGE_UNBACKED"
      })
  void eachContradictionIsToldWithItsTransaction(Fsck.Kind kind) throws Exception {
    List<List<Event>> txs = sound();
    Expected expected = contradict(kind, txs);
    // What comes behind must not be named in its place.
    if (kind.source() == Fsck.Source.STATE) {
      txs.add(List.of(new Event.AttributesChanged(SUB, 0700, 0, 0, 1, 1, 1)));
    }
    write(txs);
    if (kind == Fsck.Kind.JOURNAL) {
      damage();
    }
    FsckReport report = check();
    assertThat(report.findings())
        .singleElement()
        .satisfies(
            found -> {
              assertThat(found.kind()).isEqualTo(kind.toString());
              assertThat(found.ino()).isEqualTo(expected.ino());
              assertThat(found.path()).isEqualTo(expected.path());
              assertThat(found.offset()).isEqualTo(expected.offset());
              assertThat(found.lsn()).isEqualTo(expected.lsn());
            });
    Map<String, String> before = fingerprint();
    assertThat(Volume.repair(volume).findings()).isEqualTo(report.findings());
    Map<String, String> after = fingerprint();
    String lock = volume.resolve("lock").toString();
    before.remove(lock);
    after.remove(lock);
    assertThat(after).as("a refused repair").isEqualTo(before);
  }

  private static Expected contradict(Fsck.Kind kind, List<List<Event>> txs) {
    int next = SOUND + 1;
    return switch (kind) {
      case ROOT -> {
        txs.add(List.of(new Event.Moved(InodeTable.ROOT, DIR, 1)));
        yield Expected.of(InodeTable.ROOT, "/", next);
      }
      case EXTENT_OUTSIDE -> {
        txs.add(List.of(allocated(FILE, 2 * BLOCK, Extent.unwritten(5, BLOCKS - 1, 2))));
        yield new Expected(FILE, "/d/f", 5 * BLOCK, next);
      }
      case EXTENT_PAST_LIMIT -> {
        long limit = LiveVolume.FILE_BYTES_MAX / BLOCK;
        txs.add(List.of(allocated(FILE, 2 * BLOCK, Extent.unwritten(limit, 30, 2))));
        yield new Expected(FILE, "/d/f", limit * BLOCK, next);
      }
      case BLOCK_TWICE -> {
        txs.add(List.of(mapped(OTHER, 3 * BLOCK, Extent.written(2, 11, 1))));
        txs.add(List.of(new Event.AttributesChanged(OTHER, 0700, 0, 0, 1, 1, 1)));
        yield new Expected(OTHER, "/g", 2 * BLOCK, next);
      }
      case SIZE -> {
        txs.add(
            List.of(new Event.Truncated(OTHER, LiveVolume.FILE_BYTES_MAX + 1, List.of(), 1, 1)));
        yield Expected.of(OTHER, "/g", next);
      }
      case WRITTEN_PAST_END -> {
        txs.add(List.of(new Event.Truncated(FILE, BLOCK, List.of(), 1, 1)));
        yield new Expected(FILE, "/d/f", BLOCK, 3); // what mapped the block
      }
      case NAME_DANGLING -> {
        txs.add(List.of(added(DIR, "gone", 77, false)));
        yield Expected.of(DIR, "/d", next);
      }
      case NAME_INVALID -> {
        txs.add(List.of(added(DIR, "a/b", FILE, false), links(FILE, 2)));
        yield Expected.of(DIR, "/d", next);
      }
      case DIRECTORY_TWICE -> {
        txs.add(List.of(added(InodeTable.ROOT, "x", SUB, true)));
        yield Expected.of(SUB, "/x", next + 1);
      }
      case PARENT -> {
        txs.add(List.of(new Event.Moved(SUB, InodeTable.ROOT, 1)));
        yield Expected.of(SUB, "/d/s", next + 1);
      }
      case LINKS -> {
        txs.add(List.of(links(FILE, 2)));
        yield Expected.of(FILE, "/d/f", next);
      }
      case CYCLE -> {
        txs.add(
            List.of(
                created(20, FileKind.DIRECTORY, 21),
                created(21, FileKind.DIRECTORY, 20),
                added(20, "a", 21, true),
                added(21, "b", 20, true)));
        yield Expected.of(20, "", next);
      }
      case UNREACHABLE -> {
        txs.add(List.of(new Event.EntryRemoved(DIR, "f", FILE, false, 1)));
        yield Expected.of(FILE, "", next);
      }
      case EVENT -> {
        txs.add(List.of(links(OTHER, 1), links(77, 1)));
        txs.add(List.of(links(OTHER, 5)));
        yield Expected.of(77, "", next);
      }
      case JOURNAL -> {
        txs.add(List.of(links(FILE, 1)));
        yield Expected.of(ErrnoException.NONE, "", 2);
      }
      case EXTENT_ORDER,
          EXTENT_OVERLAP,
          EXTENT_UNMERGED,
          EXTENT_HOLE,
          BLOCK_FREE_AND_OWNED,
          BLOCKS_LEAKED,
          LEDGER,
          PENDING,
          PAGES_RESERVED,
          RESERVATIONS,
          PAGE_STALE,
          PAGE_UNBACKED ->
          throw new AssertionError(kind + " does not come from a journal");
    };
  }

  /** One bit of transaction 2, which is not the last that is durable. */
  private void damage() throws IOException {
    Path segment = volume.resolve("journal").resolve("0000000000000001.log");
    byte[] bytes = Files.readAllBytes(segment);
    int first = ByteBuffer.wrap(bytes).getInt(64 + 4);
    bytes[64 + first + 70] ^= 1;
    Files.write(segment, bytes);
  }

  @Test
  void damageIsToldWithItsPlaceAndWhatLiesBeforeItIsChecked() throws Exception {
    List<List<Event>> txs = sound();
    txs.add(0, Namespace.rootEvents(1));
    txs.set(1, List.of(added(InodeTable.ROOT, "gone", 77, false)));
    write(txs);
    Path segment = volume.resolve("journal").resolve("0000000000000001.log");
    byte[] bytes = Files.readAllBytes(segment);
    int first = ByteBuffer.wrap(bytes).getInt(64 + 4);
    int second = ByteBuffer.wrap(bytes).getInt(64 + first + 4);
    bytes[64 + first + second + 70] ^= 1;
    Files.write(segment, bytes);
    FsckReport report = check();
    assertThat(report.lastLsn()).isEqualTo(2);
    assertThat(report.findings())
        .extracting(FsckReport.Finding::kind, FsckReport.Finding::lsn)
        .containsExactly(tuple("journal", 3L), tuple("name", 2L));
    assertThat(report.findings().getFirst().saw())
        .contains("segment 0000000000000001.log offset " + (64 + first + second));
  }

  @Test
  void aTornTailIsNoFinding() throws Exception {
    write(sound());
    Path segment = volume.resolve("journal").resolve("0000000000000001.log");
    byte[] bytes = Files.readAllBytes(segment);
    Files.write(segment, Arrays.copyOf(bytes, bytes.length - 3));
    FsckReport report = check();
    assertThat(report.findings()).isEmpty();
    assertThat(report.lastLsn()).isEqualTo(SOUND - 1);
  }

  @Test
  void repairFreesOrphansByATransactionAndASecondOneDoesNothing() throws Exception {
    List<List<Event>> txs = sound();
    txs.add(List.of(new Event.EntryRemoved(DIR, "f", FILE, false, 1), links(FILE, 0)));
    write(txs);
    FsckReport before = check();
    assertThat(before.findings()).isEmpty();
    assertThat(before.orphans()).containsExactly(new FsckReport.Orphan(FILE, 2));

    assertThat(Volume.repair(volume).orphans()).isEqualTo(before.orphans());
    FsckReport after = check();
    assertThat(after.findings()).isEmpty();
    assertThat(after.orphans()).isEmpty();
    assertThat(after.blocks()).isEqualTo(1);
    assertThat(after.lastLsn()).isEqualTo(before.lastLsn() + 1);

    Map<String, String> repaired = fingerprint();
    assertThat(Volume.repair(volume).orphans()).isEmpty();
    Map<String, String> again = fingerprint();
    String lock = volume.resolve("lock").toString();
    repaired.remove(lock);
    again.remove(lock);
    assertThat(again).isEqualTo(repaired);
    try (Volume open = Volume.open(volume)) {
      assertThat(open.fsck().isClean()).isTrue();
      assertThat(open.list("/d")).extracting(DirectoryEntry::name).containsExactly("s");
    }
  }

  /** Freeing the orphan would take a block from the file that has it too. */
  @Test
  void whereAnythingElseIsWrongOrphansStay() throws Exception {
    List<List<Event>> txs = sound();
    txs.add(
        List.of(
            new Event.EntryRemoved(DIR, "f", FILE, false, 1),
            links(FILE, 0),
            mapped(OTHER, 3 * BLOCK, Extent.written(2, 11, 1))));
    write(txs);
    FsckReport before = check();
    assertThat(Volume.repair(volume)).isEqualTo(before);
    assertThat(check()).isEqualTo(before);
    assertThat(before.orphans()).hasSize(1);
  }

  @Test
  void anOpenVolumeIsRefusedAndSoIsWhatIsNone() throws Exception {
    try (Volume open = Volume.create(volume, VolumeOptions.defaults().size("1m").cacheSize("1m"));
        OpenFile file = open.open("/a", CREATE, WRITE)) {
      file.write(ByteBuffer.wrap(new byte[100]), 0);
      assertThatThrownBy(() -> Volume.check(volume))
          .isInstanceOfSatisfying(
              ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY))
          .hasMessageContaining(String.valueOf(ProcessHandle.current().pid()));
    }
    assertThat(check().findings()).isEmpty();
    assertThatThrownBy(() -> Volume.check(host.resolve("none")))
        .isInstanceOfSatisfying(
            ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
  }
}
