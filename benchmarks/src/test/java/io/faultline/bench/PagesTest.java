package io.faultline.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/**
 * A benchmark of reads that gave something else measures nothing. Goal: it would be seen. Method:
 * pages are changed in each way in which a target could lie.
 */
class PagesTest {
  private final ByteBuffer buffer = Pages.buffer(2 * Pages.BYTES);

  @Test
  void aPageIsItself() {
    Pages.stamp(buffer, Pages.BYTES, 7, 3);
    assertThat(Pages.difference(buffer, Pages.BYTES, 7, 3)).isZero();
    assertThat(Pages.strange(buffer, Pages.BYTES, 7, true)).isZero();
    assertThat(Pages.strangeOrHole(buffer, Pages.BYTES, 7, true)).isZero();
  }

  @Test
  void anotherPageAnotherGenerationAndAShiftAreSeen() {
    Pages.stamp(buffer, 0, 7, 3);
    assertThat(Pages.difference(buffer, 0, 8, 3)).isNotZero();
    assertThat(Pages.difference(buffer, 0, 7, 2)).isNotZero();
    assertThat(Pages.strange(buffer, 0, 8, false)).isNotZero();
    assertThat(Pages.difference(buffer, Long.BYTES, 7, 3)).isNotZero();
    assertThat(Pages.strange(buffer, 2048, 7, false)).isNotZero();
  }

  @Test
  void everyOneOfTheThreeWordsCounts() {
    for (int at : new int[] {0, 2048, Pages.BYTES - Long.BYTES}) {
      Pages.stamp(buffer, 0, 7, 3);
      buffer.putLong(at, buffer.getLong(at) ^ 1);
      assertThat(Pages.difference(buffer, 0, 7, 3)).isNotZero();
      assertThat(Pages.strange(buffer, 0, 7, true)).as("torn at %s", at).isNotZero();
      assertThat(Pages.strange(buffer, 0, 7, false)).as("of another generation").isZero();
      buffer.putLong(at, 0);
      assertThat(Pages.strangeOrHole(buffer, 0, 7, true)).isNotZero();
      assertThat(Pages.strangeOrHole(buffer, 0, 7, false)).isZero();
      assertThat(Pages.strange(buffer, 0, 7, false)).isNotZero();
    }
  }

  @Test
  void aHoleIsNoPage() {
    ByteBuffer hole = ByteBuffer.allocate(Pages.BYTES);
    assertThat(Pages.difference(hole, 0, 0, 0)).isNotZero();
    assertThat(Pages.strange(hole, 0, 0, false)).isNotZero();
    assertThat(Pages.strangeOrHole(hole, 0, 0, true)).isZero();
  }
}
