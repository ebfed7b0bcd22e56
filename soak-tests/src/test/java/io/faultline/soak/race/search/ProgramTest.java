package io.faultline.soak.race.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Goal: a program can be written down and given back. Method: drawn ones there and back. */
class ProgramTest {
  @Test
  void readsWhatItWrites() {
    for (long seed = 0; seed < 300; seed++) {
      Program program = ProgramGenerator.draw(seed, 2 + (int) seed % 7);
      assertThat(Program.parse(program.text())).isEqualTo(program);
      assertThat(program.clients()).hasSize(2 + (int) seed % 7);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0 fly 0",
        "0 read 0 0",
        "0 read 0 0 100",
        "64 fsync 0",
        "0 fsync 8",
        "x fsync 0",
        "0 truncate 0 -512",
        "0 append 0 99999744",
        "blocks 3",
        "device tape"
      })
  void refusesWhatIsNone(String line) {
    assertThatThrownBy(() -> Program.parse("# first\n" + line + "\n"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
