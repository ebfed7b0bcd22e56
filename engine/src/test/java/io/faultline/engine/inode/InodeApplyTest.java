package io.faultline.engine.inode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.extent.Extent;
import io.faultline.engine.extent.ExtentMap;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Goal: what decide says, apply does, and an event that does not fit its inode is refused and
 * changes nothing. Method: each event on a file of written, unwritten and unmapped blocks.
 */
class InodeApplyTest {
  private static final long INO = 11;
  private static final long BLOCK = 4_096;
  private static final long NOW = 5;

  /** Blocks 0–3 written at 100, 4–5 a hole, 6–7 unwritten at 200. */
  private static final Inode.RegularFile FILE =
      new Inode.RegularFile(
          new Attributes(INO, 0644, 0, 0, 1, 1, 1, 1, 1),
          4 * BLOCK,
          ExtentMap.EMPTY.with(Extent.written(0, 100, 4)).with(Extent.unwritten(6, 200, 2)));

  private static Inode.RegularFile applied(Event event) {
    if (InodeApply.apply(FILE, event) instanceof Inode.RegularFile after) {
      return after;
    }
    throw new AssertionError("no file after " + event);
  }

  private static List<Extent> extents(Inode.RegularFile file) {
    List<Extent> found = new ArrayList<>();
    file.extents().forEach(found::add);
    return found;
  }

  @Test
  void truncateDownFreesWhatLiesBehindAndUpFreesNothing() {
    Event down = Decide.truncate(FILE, 4 * BLOCK, BLOCK + 1, BLOCK, NOW);
    assertThat(InodeApply.freedBy(down))
        .containsExactly(Extent.written(2, 102, 2), Extent.unwritten(6, 200, 2));
    assertThat(extents(applied(down))).containsExactly(Extent.written(0, 100, 2));
    assertThat(applied(down).durableSize()).isEqualTo(BLOCK + 1);

    Event up = Decide.truncate(FILE, 4 * BLOCK, 9 * BLOCK, BLOCK, NOW);
    assertThat(InodeApply.freedBy(up)).isEmpty();
    assertThat(extents(applied(up))).isEqualTo(extents(FILE));
    assertThat(applied(up).attributes().mtimeNanos()).isEqualTo(NOW);
  }

  @Test
  void punchZeroAndAllocateChangeTheirRangeOnly() {
    Event punch = Decide.punch(FILE, 1, 7, 6 * BLOCK, NOW);
    assertThat(InodeApply.freedBy(punch))
        .containsExactly(Extent.written(1, 101, 3), Extent.unwritten(6, 200, 1));
    assertThat(extents(applied(punch)))
        .containsExactly(Extent.written(0, 100, 1), Extent.unwritten(7, 201, 1));
    assertThat(applied(punch).durableSize()).isEqualTo(6 * BLOCK);

    List<Extent> offered = List.of(Extent.unwritten(3, 300, 2));
    Decide.Filled zero = Decide.zero(FILE, 2, 5, 2, 5, offered, 5 * BLOCK, NOW);
    // Block 3 was mapped meanwhile: what was offered for it goes back.
    assertThat(zero.unused()).containsExactly(Extent.unwritten(3, 300, 1));
    assertThat(InodeApply.freedBy(zero.event())).isEmpty();
    assertThat(extents(applied(zero.event())))
        .containsExactly(
            Extent.written(0, 100, 2),
            Extent.unwritten(2, 102, 2),
            Extent.unwritten(4, 301, 1),
            Extent.unwritten(6, 200, 2));

    Decide.Filled allocate =
        Decide.allocate(FILE, 4, 6, List.of(Extent.unwritten(4, 400, 2)), 4 * BLOCK, NOW);
    assertThat(allocate.unused()).isEmpty();
    assertThat(applied(allocate.event()).extents().lookup(4))
        .isEqualTo(Extent.unwritten(4, 400, 2));
    assertThat(applied(allocate.event()).attributes().mtimeNanos()).isEqualTo(1);
  }

  @Test
  void emptyRangesChangeSizeAndTimesOnly() {
    for (Event event :
        List.of(
            Decide.punch(FILE, 2, 1, 5 * BLOCK, NOW),
            Decide.zero(FILE, 2, 1, 1, 2, List.of(), 5 * BLOCK, NOW).event())) {
      assertThat(extents(applied(event))).isEqualTo(extents(FILE));
      assertThat(applied(event).durableSize()).isEqualTo(5 * BLOCK);
      assertThat(applied(event).attributes().mtimeNanos()).isEqualTo(NOW);
    }
  }

  @Test
  void collapseAndInsertMoveWhatLiesBehind() {
    Event collapse = Decide.collapse(FILE, 1, 5, 2 * BLOCK, NOW);
    assertThat(InodeApply.freedBy(collapse)).containsExactly(Extent.written(1, 101, 3));
    assertThat(extents(applied(collapse)))
        .containsExactly(Extent.written(0, 100, 1), Extent.unwritten(2, 200, 2));

    Event insert = Decide.insert(FILE, 2, 3, 7 * BLOCK, NOW);
    assertThat(extents(applied(insert)))
        .containsExactly(
            Extent.written(0, 100, 2), Extent.written(5, 102, 2), Extent.unwritten(9, 200, 2));
  }

  @Test
  void writebackFillsHolesAndTurnsUnwrittenIntoWritten() {
    Event event =
        new Event.ExtentsMapped(
            INO, List.of(Extent.written(4, 500, 2), Extent.written(6, 200, 1)), 7 * BLOCK, 3, 4);
    assertThat(extents(applied(event)))
        .containsExactly(
            Extent.written(0, 100, 4),
            Extent.written(4, 500, 2),
            Extent.written(6, 200, 1),
            Extent.unwritten(7, 201, 1));
    assertThat(applied(event).durableSize()).isEqualTo(7 * BLOCK);
  }

  @Test
  void freeingGivesEverythingBackAndLeavesNothing() {
    Event free = Decide.free(FILE);
    assertThat(InodeApply.freedBy(free)).isEqualTo(extents(FILE));
    assertThat(InodeApply.apply(FILE, free)).isNull();
  }

  @Test
  void anEventThatDoesNotFitIsRefusedAndTheTableStaysAsItWas() {
    InodeTable table = new InodeTable();
    table.apply(new Event.Created(INO, FileKind.REGULAR, 0644, 0, 0, 0, "", 1));
    table.apply(new Event.ExtentsMapped(INO, List.of(Extent.written(0, 100, 4)), 4 * BLOCK, 1, 1));
    Inode before = table.get(INO);
    List<Event> wrong =
        List.of(
            new Event.Created(INO, FileKind.REGULAR, 0644, 0, 0, 0, "", 1),
            new Event.Truncated(12, 0, List.of(), 1, 1),
            new Event.Truncated(INO, 0, List.of(Extent.written(1, 101, 2)), 1, 1),
            new Event.RangePunched(INO, 0, 2, List.of(), 0, 1, 1),
            new Event.RangePunched(INO, 0, 2, List.of(Extent.written(0, 100, 1)), 0, 1, 1),
            new Event.RangeCollapsed(INO, 0, 2, List.of(), 0, 1, 1),
            new Event.ExtentsMapped(INO, List.of(Extent.written(3, 900, 1)), 0, 1, 1),
            new Event.ExtentsMapped(INO, List.of(Extent.unwritten(9, 900, 1)), 0, 1, 1),
            new Event.ExtentsAllocated(INO, List.of(Extent.unwritten(3, 900, 1)), 0, 1, 1),
            new Event.ExtentsAllocated(INO, List.of(Extent.written(9, 900, 1)), 0, 1, 1),
            new Event.RangeZeroed(INO, 0, 1, List.of(Extent.unwritten(0, 9, 1)), 0, 1, 1),
            new Event.EntryAdded(INO, "name", 12, false, 1),
            new Event.Freed(INO, List.of()));
    for (Event event : wrong) {
      assertThatThrownBy(() -> table.apply(event))
          .as("%s", event)
          .isInstanceOf(InodeApply.MismatchException.class)
          .hasMessageContaining("ino=" + event.ino());
      assertThat(table.get(INO)).isSameAs(before);
    }
  }
}
