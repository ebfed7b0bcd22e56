package io.faultline.persistence.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.FileKind;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeApply;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.Tx;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Goal: the state as a value is the live table, never changes behind anybody's back, and its names
 * and differences are what a plain look finds. Method: random transactions on both, all states kept
 * and compared once more at the end; differences block by block from maps.
 */
class VolumeStateTest {
  private static final long SEED = 77;

  private final Random random = new Random(SEED);
  private final List<Long> files = new ArrayList<>();
  private final Map<Long, Long> blocks = new HashMap<>();
  private final Map<Long, String> names = new HashMap<>();
  private long nextIno = 11;
  private long nextBlock;

  private List<Event> transaction(InodeTable table) {
    if (table.size() == 0) {
      return List.of(new Event.Created(2, FileKind.DIRECTORY, 0755, 0, 0, 2, "", 1));
    }
    long ino = files.isEmpty() ? 0 : files.get(random.nextInt(files.size()));
    return switch (files.isEmpty() ? 0 : random.nextInt(6)) {
      case 0 -> {
        // Now and then far away, so that the tree of numbers grows levels.
        long made = nextIno;
        nextIno += random.nextInt(20) == 0 ? 1000 * random.nextInt(2000) + 1 : 1;
        files.add(made);
        blocks.put(made, 0L);
        names.put(made, "f" + made);
        yield List.of(
            new Event.Created(made, FileKind.REGULAR, 0644, 0, 0, 0, "", 2),
            new Event.EntryAdded(2, "f" + made, made, false, 2),
            new Event.LinksChanged(made, 1, 2));
      }
      case 1 -> {
        Inode.RegularFile file = file(table, ino);
        files.remove(ino);
        List<Extent> all = new ArrayList<>();
        file.extents().forEach(all::add);
        yield List.of(
            new Event.EntryRemoved(2, nameOf(ino), ino, false, 3),
            new Event.LinksChanged(ino, 0, 3),
            new Event.Freed(ino, all));
      }
      case 2 -> {
        String before = nameOf(ino);
        String after = before + "'";
        names.put(ino, after);
        yield List.of(
            new Event.EntryAdded(2, after, ino, false, 4),
            new Event.EntryRemoved(2, before, ino, false, 4));
      }
      case 3 -> {
        Inode.RegularFile file = file(table, ino);
        long from = random.nextInt(8);
        long to = from + 1 + random.nextInt(3);
        yield List.of(
            new Event.RangePunched(
                ino, from, to, file.extents().slice(from, to), file.durableSize(), 5, 5));
      }
      default -> {
        long at = blocks.merge(ino, 1L, Long::sum) - 1;
        nextBlock += 1 + random.nextInt(2);
        yield List.of(
            new Event.ExtentsMapped(
                ino, List.of(Extent.written(at, nextBlock, 1)), 4096 * (at + 1), 6, 6));
      }
    };
  }

  private static Inode.RegularFile file(InodeTable table, long ino) {
    return (Inode.RegularFile) Objects.requireNonNull(table.get(ino));
  }

  private String nameOf(long ino) {
    return Objects.requireNonNull(names.get(ino));
  }

  @Test
  void aStateIsWhatTheTableWasAndStaysSo() throws FsException {
    InodeTable table = new InodeTable();
    List<VolumeState> states = new ArrayList<>(List.of(VolumeState.EMPTY));
    List<List<Inode>> seen = new ArrayList<>(List.of(List.of()));
    for (long lsn = 1; lsn <= 1500; lsn++) {
      List<Event> events = transaction(table);
      events.forEach(table::apply);
      states.add(states.getLast().apply(new Tx(lsn, 1, events)));
      seen.add(table.all());
    }
    for (int lsn = 0; lsn < states.size(); lsn++) {
      VolumeState state = states.get(lsn);
      assertThat(state.all()).as("seed %d lsn %d", SEED, lsn).isEqualTo(seen.get(lsn));
      assertThat(state.size()).isEqualTo(seen.get(lsn).size());
    }
    VolumeState last = states.getLast();
    assertThat(last).isNotEqualTo(states.get(states.size() / 2));
    for (long ino : files) {
      assertThat(last.names().paths(ino)).containsExactly("/" + names.get(ino));
      assertThat(last.find("/" + names.get(ino)).ino()).isEqualTo(ino);
      assertThat(last.get(ino)).isEqualTo(table.get(ino));
    }
    assertThat(last.get(-1)).isNull();
    assertThat(last.get(Long.MAX_VALUE)).isNull();
    for (int i = 0; i < 200; i++) {
      assertDifference(
          states.get(random.nextInt(states.size())), states.get(random.nextInt(states.size())));
    }
  }

  private static Map<String, String> map(VolumeState state) {
    Map<String, String> blocks = new TreeMap<>();
    for (Inode inode : state.all()) {
      if (inode instanceof Inode.RegularFile file) {
        for (Extent e : file.extents()) {
          for (long b = e.fileBlock(); b < e.end(); b++) {
            blocks.put(inode.ino() + " " + b, e.physicalOf(b) + " " + e.state());
          }
        }
      }
    }
    return blocks;
  }

  private static void assertDifference(VolumeState before, VolumeState after) {
    Map<String, String> unmapped = map(before);
    Map<String, String> mapped = map(after);
    map(before).forEach(mapped::remove);
    map(after).forEach(unmapped::remove);
    Map<String, String> toldUnmapped = new TreeMap<>();
    Map<String, String> toldMapped = new TreeMap<>();
    for (VolumeDiff.Change change : VolumeDiff.between(before, after)) {
      assertThat(change.before())
          .isEqualTo(java.util.Optional.ofNullable(before.get(change.ino())));
      assertThat(change.after()).isEqualTo(java.util.Optional.ofNullable(after.get(change.ino())));
      List<String> names = new ArrayList<>(before.names().paths(change.ino()));
      names.removeAll(change.namesGone());
      names.addAll(change.namesNew());
      assertThat(names).hasSameElementsAs(after.names().paths(change.ino()));
      tell(change.ino(), change.unmapped(), toldUnmapped);
      tell(change.ino(), change.mapped(), toldMapped);
    }
    assertThat(toldUnmapped).isEqualTo(unmapped);
    assertThat(toldMapped).isEqualTo(mapped);
  }

  private static void tell(long ino, List<Extent> extents, Map<String, String> blocks) {
    for (Extent e : extents) {
      for (long b = e.fileBlock(); b < e.end(); b++) {
        blocks.put(ino + " " + b, e.physicalOf(b) + " " + e.state());
      }
    }
  }

  @Test
  void whatDoesNotFitChangesNothing() {
    VolumeState state = VolumeState.EMPTY.apply(new Tx(1, 1, transaction(new InodeTable())));
    Tx bad =
        new Tx(
            2,
            1,
            List.of(
                new Event.Created(11, FileKind.REGULAR, 0644, 0, 0, 0, "", 1),
                new Event.LinksChanged(12, 1, 1)));
    assertThatThrownBy(() -> state.apply(bad)).isInstanceOf(InodeApply.MismatchException.class);
    assertThat(state.size()).isEqualTo(1);
  }

  @Test
  void wordsAreFoundAsALookupWouldFindThem() throws FsException {
    VolumeState state =
        VolumeState.EMPTY.apply(
            new Tx(
                1,
                1,
                List.of(
                    new Event.Created(2, FileKind.DIRECTORY, 0755, 0, 0, 2, "", 1),
                    new Event.Created(11, FileKind.DIRECTORY, 0755, 0, 0, 2, "", 1),
                    new Event.EntryAdded(2, "d", 11, true, 1),
                    new Event.Created(12, FileKind.REGULAR, 0644, 0, 0, 0, "", 1),
                    new Event.EntryAdded(11, "f", 12, false, 1),
                    new Event.Created(13, FileKind.SYMLINK, 0777, 0, 0, 0, "../d", 1),
                    new Event.EntryAdded(11, "l", 13, false, 1),
                    new Event.Created(14, FileKind.SYMLINK, 0777, 0, 0, 0, "/loop/x", 1),
                    new Event.EntryAdded(2, "loop", 14, false, 1),
                    new Event.Created(15, FileKind.REGULAR, 0644, 0, 0, 0, "", 1))));
    assertThat(state.find("/d/l/./l/f").ino()).isEqualTo(12);
    assertThat(state.find("/d/l").ino()).isEqualTo(13);
    assertThat(state.find("/d/../d/f/").ino()).isEqualTo(12);
    assertThat(state.find("/").ino()).isEqualTo(2);
    assertThat(state.find("ino:15").ino()).isEqualTo(15);
    assertThat(state.names().path(15)).isEqualTo("ino:15");
    assertFails(state, "/d/x", Errno.ENOENT);
    assertFails(state, "/d/f/x", Errno.ENOTDIR);
    assertFails(state, "/loop/y", Errno.ELOOP);
    assertFails(state, "d", Errno.EINVAL);
    assertFails(state, "ino:x", Errno.EINVAL);
    assertFails(state, "ino:99", Errno.ENOENT);
  }

  private static void assertFails(VolumeState state, String word, Errno errno) {
    assertThatThrownBy(() -> state.find(word))
        .isInstanceOfSatisfying(
            FsException.class, e -> assertThat(e.errno()).as(word).isEqualTo(errno));
  }
}
