package io.faultline.persistence.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.FileKind;
import io.faultline.engine.journal.Tx;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Goal: a condition says what it reads like, or names the column where it stops being one. */
class ConditionTest {
  private static final VolumeState STATE =
      VolumeState.EMPTY.apply(
          new Tx(
              1,
              1,
              List.of(
                  new Event.Created(2, FileKind.DIRECTORY, 0755, 0, 0, 2, "", 1),
                  new Event.Created(12, FileKind.REGULAR, 0644, 0, 0, 0, "", 1),
                  new Event.LinksChanged(12, 1, 1),
                  new Event.EntryAdded(2, "a,b é", 12, false, 1),
                  new Event.ExtentsMapped(
                      12, List.of(Extent.written(0, 7, 1), Extent.written(4, 8, 2)), 24_576, 1, 1),
                  new Event.ExtentsAllocated(
                      12, List.of(Extent.unwritten(1, 20, 1)), 24_576, 1, 1))));

  private static boolean holds(String text) {
    return Condition.parse(text, state -> true).holds(STATE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "size(ino:12) == 24576; true",
        "size(/a%2Cb%20%C3%A9) > 24575 && nlink(ino:12) == 1; true",
        "blocks(ino:12) == 4; true",
        "extents(ino:12) != 3; false",
        "entries(/) >= 1; true",
        "inodes < 2; false",
        "2 <= inodes; true",
        "ino(/) == 2; true",
        "exists(/none); false",
        "!exists(/none); true",
        "mapped(ino:12, 4096); true",
        "mapped(ino:12, 8192); false",
        "mapped(/, 0); false",
        "written(ino:12, 4096); false",
        "written(ino:12, 16384); true",
        "size(/none) == 0 || size(/none) != 0; false",
        "exists(/) && (exists(/none) || !exists(/none)); true",
        "exists(/none) && exists(/none) || exists(/); true",
        "exists(/none) && (exists(/none) || exists(/)); false",
        "!!exists(/); true",
        "-1 < 0; true",
        "fsck; true",
      })
  void saysWhatItReadsLike(String text, boolean expected) {
    assertThat(holds(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "''; column 1: expected a number, '!', '('",
        "size(/a); column 9: expected one of == != <= >= < >, found the end",
        "size(/a) = 3; column 10: expected one of",
        "size(/a) ==; column 12: expected a number, or one of size",
        "size(a) == 1; column 6: expected an absolute path or ino:N, found 'a) == 1'",
        "exists(/a; column 10: expected ')', found the end",
        "mapped(/a); column 10: expected ',', found ')'",
        "mapped(/a, x); column 12: expected an offset in bytes, found 'x)'",
        "exists(/a) exists(/b); column 12: expected '&&', '||' or the end",
        "exists(/a%2); column 11: expected two hexadecimal digits",
        "bogus(/a) == 1; column 1: expected a number",
        "(exists(/a); column 12: expected ')'",
        "99999999999999999999 == 1; column 1: expected a number",
      })
  void whatIsNoneNamesTheColumnAndWhatWasExpected(String text, String message) {
    assertThatThrownBy(() -> Condition.parse(text, state -> true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void whetherTheWholeVolumeIsLookedAtIsKnown() {
    assertThat(Condition.parse("fsck && exists(/)", state -> false).fsck()).isTrue();
    assertThat(Condition.parse("fsck && exists(/)", state -> false).holds(STATE)).isFalse();
    assertThat(Condition.parse("exists(/)", state -> false).fsck()).isFalse();
  }
}
