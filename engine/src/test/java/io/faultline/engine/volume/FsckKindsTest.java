package io.faultline.engine.volume;

import static io.faultline.engine.EngineFixture.PAGE;
import static io.faultline.engine.EngineFixture.Setup.SMALL;
import static io.faultline.engine.EngineFixture.bytes;
import static io.faultline.engine.EngineFixture.page;
import static io.faultline.engine.EngineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.faultline.engine.EngineFixture;
import io.faultline.engine.device.Io;
import io.faultline.engine.extent.BlockRun;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.extent.UnsoundExtents;
import io.faultline.engine.inode.Attributes;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.volume.Fsck.Kind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.pcollections.TreePMap;

/**
 * Goal: each kind of finding is found, alone, where it is. Method: a sound state with exactly that
 * contradiction, or a live volume one of whose counts was twisted. A kind without a case here does
 * not compile. (What a journal has wrong: {@code VolumeCheckTest}.)
 */
@Timeout(60)
class FsckKindsTest {
  private static final long BLOCKS = 1_000;
  private static final long DIR = 11;
  private static final long SUB = 12;
  private static final long FILE = 13;
  private static final long OTHER = 14;
  private static final long LINK = 15;

  /** What a finding must say. */
  private record Expected(long ino, String path, long fromBlock, long blocks) {
    static Expected of(long ino, String path) {
      return new Expected(ino, path, -1, -1);
    }
  }

  /** A state: /d/s, /d/f of 4 blocks at 100, /g of 2 blocks at 200, /l. */
  private static final class State {
    final InodeTable table = new InodeTable();

    State() {
      put(dir(InodeTable.ROOT, InodeTable.ROOT, 3, "d", DIR, "g", OTHER, "l", LINK));
      put(dir(DIR, InodeTable.ROOT, 3, "s", SUB, "f", FILE));
      put(dir(SUB, DIR, 2));
      put(file(FILE, 1, 4 * PAGE - 5, Extent.written(0, 100, 4)));
      put(file(OTHER, 1, 0, Extent.unwritten(0, 200, 2)));
      put(new Inode.Symlink(attributes(LINK, 1), "d/f"));
    }

    void put(Inode inode) {
      table.keep(inode);
    }

    List<Fsck.Finding> findings() {
      return Fsck.check(table, BLOCKS).findings();
    }
  }

  private static Attributes attributes(long ino, int nlink) {
    return new Attributes(ino, 0755, 0, 0, nlink, 1, 1, 1, 1);
  }

  /** Names and the inodes they lead to, in turn. */
  private static Inode.Directory dir(long ino, long parent, int nlink, Object... entries) {
    TreePMap<String, Long> map = TreePMap.empty();
    for (int i = 0; i < entries.length; i += 2) {
      map = map.plus((String) entries[i], (Long) entries[i + 1]);
    }
    return new Inode.Directory(attributes(ino, nlink), parent, map);
  }

  private static Inode.RegularFile file(long ino, int nlink, long size, Extent... extents) {
    return new Inode.RegularFile(attributes(ino, nlink), size, UnsoundExtents.of(extents));
  }

  private static Stream<Kind> stateKinds() {
    return Arrays.stream(Kind.values()).filter(kind -> kind.source() == Fsck.Source.STATE);
  }

  private static Stream<Kind> liveKinds() {
    return Arrays.stream(Kind.values()).filter(kind -> kind.source() == Fsck.Source.LIVE);
  }

  @Test
  void aSoundStateHasNoFindings() {
    Fsck.Report report = Fsck.check(new State().table, BLOCKS);
    assertThat(report.findings()).isEmpty();
    assertThat(report.orphans()).isEmpty();
    assertThat(report.inodes()).isEqualTo(6);
    assertThat(report.blocks()).isEqualTo(6);
  }

  @ParameterizedTest
  @MethodSource("stateKinds")
  void eachContradictionOfAStateIsFoundAloneAndInItsPlace(Kind kind) {
    State state = new State();
    Expected expected = contradict(kind, state);
    assertThat(state.findings())
        .singleElement()
        .satisfies(
            found -> {
              assertThat(found.kind()).isEqualTo(kind);
              assertThat(found.ino()).isEqualTo(expected.ino());
              assertThat(found.path()).isEqualTo(expected.path());
              long unit = expected.fromBlock() < 0 ? 1 : PAGE;
              assertThat(found.offset()).isEqualTo(expected.fromBlock() * unit);
              assertThat(found.length()).isEqualTo(expected.blocks() * unit);
              assertThat(found.saw()).isNotEmpty();
              assertThat(found.allowed()).isNotEmpty();
            });
  }

  private static Expected contradict(Kind kind, State state) {
    return switch (kind) {
      case ROOT -> {
        state.put(dir(InodeTable.ROOT, DIR, 3, "d", DIR, "g", OTHER, "l", LINK));
        yield Expected.of(InodeTable.ROOT, "/");
      }
      case EXTENT_ORDER -> {
        state.put(file(FILE, 1, 9 * PAGE, Extent.written(5, 105, 2), Extent.written(0, 100, 1)));
        yield new Expected(FILE, "/d/f", 0, 1);
      }
      case EXTENT_OVERLAP -> {
        state.put(file(FILE, 1, 9 * PAGE, Extent.written(0, 100, 3), Extent.written(2, 110, 3)));
        yield new Expected(FILE, "/d/f", 2, 3);
      }
      case EXTENT_UNMERGED -> {
        state.put(file(FILE, 1, 9 * PAGE, Extent.written(0, 100, 3), Extent.written(3, 103, 2)));
        yield new Expected(FILE, "/d/f", 3, 2);
      }
      case EXTENT_HOLE -> {
        state.put(file(FILE, 1, 9 * PAGE, Extent.written(0, 100, 3), Extent.hole(3, 2)));
        yield new Expected(FILE, "/d/f", 3, 2);
      }
      case EXTENT_OUTSIDE -> {
        state.put(file(FILE, 1, 9 * PAGE, Extent.written(1, BLOCKS - 1, 2)));
        yield new Expected(FILE, "/d/f", 1, 2);
      }
      case EXTENT_PAST_LIMIT -> {
        long limit = LiveVolume.FILE_BYTES_MAX / PAGE;
        state.put(file(FILE, 1, 0, Extent.unwritten(limit - 1, 100, 2)));
        yield new Expected(FILE, "/d/f", limit - 1, 2);
      }
      case BLOCK_TWICE -> {
        state.put(file(FILE, 1, 9 * PAGE, Extent.written(0, 100, 2), Extent.written(4, 199, 5)));
        yield new Expected(OTHER, "/g", 0, 2);
      }
      case SIZE -> {
        state.put(file(OTHER, 1, LiveVolume.FILE_BYTES_MAX + 1));
        yield Expected.of(OTHER, "/g");
      }
      case WRITTEN_PAST_END -> {
        state.put(file(FILE, 1, 3 * PAGE, Extent.written(0, 100, 4)));
        yield new Expected(FILE, "/d/f", 3, 1);
      }
      case NAME_DANGLING -> {
        state.put(dir(SUB, DIR, 2, "gone", 77L));
        yield Expected.of(SUB, "/d/s");
      }
      case NAME_INVALID -> {
        state.put(dir(SUB, DIR, 2, "é".repeat(128), FILE));
        state.put(file(FILE, 2, 0));
        yield Expected.of(SUB, "/d/s");
      }
      case DIRECTORY_TWICE -> {
        state.put(
            dir(InodeTable.ROOT, InodeTable.ROOT, 4, "d", DIR, "g", OTHER, "l", LINK, "x", SUB));
        yield Expected.of(SUB, "/x");
      }
      case PARENT -> {
        state.put(dir(SUB, InodeTable.ROOT, 2));
        yield Expected.of(SUB, "/d/s");
      }
      case LINKS -> {
        state.put(file(FILE, 2, 0));
        yield Expected.of(FILE, "/d/f");
      }
      case CYCLE -> {
        state.put(dir(20, 21, 3, "a", 21L));
        state.put(dir(21, 20, 3, "b", 20L));
        yield Expected.of(20, "");
      }
      case UNREACHABLE -> {
        state.put(file(20, 1, 0));
        yield Expected.of(20, "");
      }
      case BLOCK_FREE_AND_OWNED,
          BLOCKS_LEAKED,
          LEDGER,
          PENDING,
          PAGES_RESERVED,
          RESERVATIONS,
          PAGE_STALE,
          PAGE_UNBACKED,
          JOURNAL,
          EVENT ->
          throw new AssertionError(kind + " does not show in a state");
    };
  }

  @ParameterizedTest
  @MethodSource("liveKinds")
  void eachContradictionOfALiveVolumeIsFound(Kind kind) throws Exception {
    EngineFixture volume = EngineFixture.open(SMALL);
    OpenInode f = volume.file("/f");
    write(f, 0, bytes('A', 3 * PAGE));
    f.sync(true);
    volume.requireSound();
    long ino = twist(kind, volume.volume(), f);
    List<Fsck.Finding> findings = Fsck.check(volume.volume()).findings();
    assertThat(findings).extracting(Fsck.Finding::kind).contains(kind);
    assertThat(findings)
        .filteredOn(found -> found.kind() == kind)
        .singleElement()
        .satisfies(found -> assertThat(found.ino()).isEqualTo(ino));
  }

  /** Makes {@code kind} true of a volume of one file of three pages; the inode it is told of. */
  private static long twist(Kind kind, LiveVolume volume, OpenInode f) throws Exception {
    Inode.RegularFile file = f.vnode().inode();
    return switch (kind) {
      case BLOCK_FREE_AND_OWNED -> {
        install(volume, 77, Extent.written(0, free(volume), 1));
        yield -1;
      }
      case BLOCKS_LEAKED -> {
        install(volume, file.ino());
        yield -1;
      }
      case LEDGER -> {
        volume.ledger().taken(new BlockRun(free(volume), 1));
        yield -1;
      }
      case PENDING -> {
        Extent extent = f.vnode().lookup(0);
        volume.journal().append(List.of(new Event.Freed(file.ino(), List.of(extent))));
        yield -1;
      }
      case PAGES_RESERVED -> {
        write(f, 5 * PAGE, page('B'));
        Mutant.activate(Mutant.R20_DISCARD_KEEPS_RESERVATION);
        OpenInode.await(f.truncate(3 * PAGE));
        Mutant.activate();
        yield file.ino();
      }
      case RESERVATIONS -> {
        assertThat(volume.space().tryTake(7)).isTrue();
        yield -1;
      }
      case PAGE_STALE -> {
        long block = f.vnode().lookup(1).physicalOf(1);
        MemorySegment other = Arena.global().allocate(PAGE, PAGE);
        volume.image().run(Io.write(block * PAGE, other, new long[] {0}, 1));
        yield file.ino();
      }
      case PAGE_UNBACKED -> {
        write(f, 5 * PAGE, page('B'));
        volume.cache().dirty().unreserve(f.vnode().mapping(), 5, 6);
        yield file.ino();
      }
      case ROOT,
          EXTENT_ORDER,
          EXTENT_OVERLAP,
          EXTENT_UNMERGED,
          EXTENT_HOLE,
          EXTENT_OUTSIDE,
          EXTENT_PAST_LIMIT,
          BLOCK_TWICE,
          SIZE,
          WRITTEN_PAST_END,
          NAME_DANGLING,
          NAME_INVALID,
          DIRECTORY_TWICE,
          PARENT,
          LINKS,
          CYCLE,
          UNREACHABLE,
          JOURNAL,
          EVENT ->
          throw new AssertionError(kind + " does not show beside the state");
    };
  }

  private static long free(LiveVolume volume) {
    return BitSet.valueOf(volume.allocator().freeMap()).nextSetBit(0);
  }

  private static void install(LiveVolume volume, long ino, Extent... extents) {
    volume.table().keep(file(ino, 1, PAGE, extents));
  }

  @Test
  void aCycleIsToldOnceAndWhatHangsOnItIsUnreachable() {
    State state = new State();
    state.put(dir(20, 21, 4, "a", 21L, "under", 22L));
    state.put(dir(21, 20, 3, "b", 20L));
    state.put(dir(22, 20, 2));
    assertThat(state.findings())
        .extracting(Fsck.Finding::kind, Fsck.Finding::ino)
        .containsExactly(tuple(Kind.CYCLE, 20L), tuple(Kind.UNREACHABLE, 22L));
  }

  @Test
  void theFirstOwnerOfABlockIsNamed() {
    State state = new State();
    state.put(file(OTHER, 1, 0, Extent.unwritten(7, 102, 1), Extent.unwritten(9, 101, 1)));
    assertThat(state.findings())
        .extracting(Fsck.Finding::ino, Fsck.Finding::offset, Fsck.Finding::saw)
        .containsExactly(
            tuple(OTHER, 7L * PAGE, "device blocks [102, 103) belong to inode 13 too"),
            tuple(OTHER, 9L * PAGE, "device blocks [101, 102) belong to inode 13 too"));
  }

  @Test
  void aFileOrDirectoryWithoutLinksIsAnOrphanAndNoContradiction() {
    State state = new State();
    state.put(file(20, 0, PAGE, Extent.written(0, 300, 1)));
    state.put(dir(21, DIR, 0));
    Fsck.Report report = Fsck.check(state.table, BLOCKS);
    assertThat(report.findings()).isEmpty();
    assertThat(report.orphans()).containsExactly(new Fsck.Orphan(20, 1), new Fsck.Orphan(21, 0));
  }

  @Test
  void findingsAreListedUpToABoundAndCountedBeyondIt() {
    State state = new State();
    for (int ino = 100; ino < 100 + Fsck.FINDINGS_MAX + 5; ino++) {
      state.put(file(ino, 1, 0));
    }
    Fsck.Report report = Fsck.check(state.table, BLOCKS);
    assertThat(report.findings()).hasSize(Fsck.FINDINGS_MAX);
    assertThat(report.unlisted()).isEqualTo(5);
  }

  @Test
  void numbersThatNoVolumeHasAreFindingsToo() {
    State state = new State();
    long far = Long.MAX_VALUE / 2;
    state.put(file(FILE, 1, 0, Extent.unwritten(far, far, far)));
    assertThat(state.findings())
        .extracting(Fsck.Finding::kind)
        .containsExactly(Kind.EXTENT_OUTSIDE, Kind.EXTENT_PAST_LIMIT);
  }
}
