package io.faultline.soak.race.search;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.errno.Errno;
import io.faultline.soak.race.RaceViolation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * Goal: the judge allows what SEMANTICS 0.3 allows and nothing else. Method: histories written by
 * hand, each legal one beside the nearest one that is not.
 */
class JudgeTest {
  private static final int PAGE = FileState.PAGE;
  private static final long INO = 11;

  private final List<Call> calls = new ArrayList<>();

  private Call call(long called, long returned, String op) {
    Call call = new Call(calls.size(), Op.parse(op), called);
    call.returned = returned;
    call.result = call.op.length();
    calls.add(call);
    return call;
  }

  /** Pages that a read saw: the number of the operation that wrote each, -1 for zeros. */
  private Call read(long called, long returned, String op, int... pages) {
    Call call = call(called, returned, op);
    call.seen = pages(pages);
    call.result = (long) call.seen.length * FileState.UNIT;
    return call;
  }

  private static int[] pages(int... pages) {
    int[] seen = new int[pages.length * PAGE];
    int run = 0;
    for (int p = 0; p < pages.length; p++) {
      run = p > 0 && pages[p] == pages[p - 1] ? run + PAGE : 0;
      for (int i = 0; i < PAGE; i++) {
        seen[p * PAGE + i] = pages[p] < 0 ? 0 : FileState.value(pages[p], run + i);
      }
    }
    return seen;
  }

  private Optional<String> kind() {
    return Judge.judge(calls, INO).map(RaceViolation::kind);
  }

  @Test
  void aReadBesideAPunchSeesEitherAndOneBehindItSeesZeros() {
    call(1, 2, "s write 0 0 4096");
    call(3, 9, "0 punch 0 0 4096");
    read(4, 5, "1 read 0 0 4096", 0);
    assertThat(kind()).isEmpty();
    read(10, 11, "1 read 0 0 4096", -1);
    assertThat(kind()).isEmpty();
    read(12, 13, "1 read 0 0 4096", 0);
    assertThat(kind()).contains("stale-read");
  }

  @Test
  void onceZerosWereSeenTheOldBytesAreGone() {
    call(1, 2, "s write 0 0 4096");
    call(3, 9, "0 punch 0 0 4096");
    read(4, 5, "1 read 0 0 4096", -1);
    assertThat(kind()).isEmpty();
    read(6, 7, "1 read 0 0 4096", 0);
    assertThat(kind()).as("flicker").contains("stale-read");
  }

  @Test
  void pagesOfOneReadMayMixButNotTheUnitsOfAPage() {
    call(1, 2, "s write 0 0 8192");
    call(3, 9, "0 write 0 0 8192");
    Call mixed = read(4, 5, "1 read 0 0 8192", 0, 0);
    System.arraycopy(pages(1), 0, mixed.seen, 0, PAGE);
    assertThat(kind()).as("new page, then old page").isEmpty();
    mixed.seen[0] = FileState.value(0, 0);
    assertThat(kind()).as("torn inside a page").contains("stale-read");
  }

  @Test
  void bytesOfAnotherFileAndOfNobodyHaveTheirOwnNames() {
    call(1, 2, "s write 0 0 4096");
    Call foreign = read(3, 4, "0 read 0 0 4096", 0);
    foreign.seen[3] = Call.FOREIGN;
    assertThat(Judge.judge(calls, INO).orElseThrow().line())
        .contains("kind=foreign-data ino=11 offset=1536 saw=another-file's allowed=op0@1536");
    foreign.seen[3] = Call.GARBAGE;
    assertThat(kind()).contains("corrupt");
  }

  @Test
  void theEndOfFileIsHonest() {
    call(1, 2, "s write 0 0 8192");
    call(3, 4, "0 truncate 0 4096");
    Call look = read(5, 6, "0 read 0 0 8192", 0);
    assertThat(kind()).isEmpty();
    look.seen = Arrays.copyOf(look.seen, 2 * PAGE);
    assertThat(kind()).contains("past-eof");
    look.seen = Arrays.copyOf(look.seen, PAGE - 1);
    assertThat(kind()).contains("short-read");
  }

  @Test
  void whatIsCutOffAndGrownAgainIsZeros() {
    call(1, 2, "s write 0 0 8192");
    call(3, 4, "0 truncate 0 4096");
    call(5, 6, "0 truncate 0 8192");
    Call look = read(7, 8, "0 read 0 0 8192", 0, -1);
    assertThat(kind()).isEmpty();
    look.seen = pages(0, 0);
    assertThat(kind()).contains("stale-read");
  }

  @Test
  void aStoreIsNotLostInAShift() {
    call(1, 2, "s write 0 0 12288");
    call(3, 9, "0 collapse 0 0 4096");
    call(4, 5, "1 store 0 8192 4096");
    Call look = read(10, 11, "1 read 0 4096 4096", 2);
    assertThat(kind()).as("stored, then moved").isEmpty();
    for (int i = 0; i < PAGE; i++) {
      look.seen[i] = FileState.value(0, 2 * PAGE + i);
    }
    assertThat(kind()).as("lost").contains("stale-read");
  }

  @Test
  void aCommandHoldsTheFileAgainstWritesFromItsFirstPageToItsLast() {
    call(1, 2, "s write 0 0 16384");
    call(3, 9, "0 punch 0 2048 8192");
    call(4, 8, "1 write 0 0 12288");
    Call look = read(10, 11, "1 read 0 0 12288", 2, 2, 2);
    assertThat(kind()).as("punch first").isEmpty();
    Arrays.fill(look.seen, 4, 20, 0);
    assertThat(kind()).as("write first").isEmpty();
    System.arraycopy(pages(2, 2, 2), 4, look.seen, 4, 4);
    assertThat(kind()).as("the write in the midst of the punch").contains("stale-read");
  }

  @Test
  void refusalsNeedAReason() {
    call(1, 2, "s write 0 0 4096");
    call(3, 4, "0 collapse 0 0 4096").errno = Errno.EINVAL;
    assertThat(kind()).as("it reaches the end").isEmpty();
    call(5, 6, "0 insert 0 0 4096").errno = Errno.EINVAL;
    assertThat(kind()).contains("wrong-answer");
  }

  @Test
  void anAppendLandsAtTheEnd() {
    call(1, 2, "s write 0 0 4096");
    Call append = call(3, 4, "0 append 0 512");
    append.place = 4096;
    assertThat(kind()).isEmpty();
    append.place = 3584;
    assertThat(kind()).contains("wrong-answer");
  }

  @Test
  void dataIsNotSkippedBySeeks() {
    call(1, 2, "s write 0 4096 4096");
    Call seek = call(3, 4, "0 seek-data 0 0");
    seek.result = 4096;
    assertThat(kind()).isEmpty();
    seek.errno = Errno.ENXIO;
    assertThat(kind()).contains("wrong-answer");
  }

  private Optional<String> afterCut(long cutAt, int... pages) {
    Call found = new Call(0, Op.parse("62 read 0 0 65536"), 0);
    found.seen = pages(pages);
    return Judge.afterCut(calls, cutAt, found, INO).map(RaceViolation::kind);
  }

  @Test
  void aPowerCutKeepsWhatWasSynced() {
    call(1, 2, "s write 0 0 4096");
    assertThat(afterCut(10)).as("nothing synced").isEmpty();
    call(3, 4, "s fsync 0");
    call(5, 6, "0 write 0 0 4096");
    call(7, 12, "1 truncate 0 8192");
    assertThat(afterCut(10, 0)).isEmpty();
    assertThat(afterCut(10, 2, -1)).isEmpty();
    assertThat(afterCut(6, 0, -1)).as("not begun by then").contains("size-after-cut");
    assertThat(afterCut(10)).contains("size-after-cut");
    assertThat(afterCut(10, -1)).contains("lost-in-cut");
    call(8, 9, "0 fsync 0");
    assertThat(afterCut(10, 0)).as("older than the last fsync").contains("lost-in-cut");
  }
}
