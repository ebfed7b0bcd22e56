package io.faultline.soak.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.soak.model.OpLine.Verb;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The 17 layouts of the generic punch test of xfstests, each with punch and zero, against block
 * maps written down by hand. A map has one letter a block: h hole, u unwritten, d data with bytes
 * kept, z data whose every byte is zero, p data zeroed in part.
 */
class LayoutTableTest {

  private final ModelFilesystem fs = new ModelFilesystem();
  private final ModelRunner run = new ModelRunner(fs);

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "op into hole,             hhhhh, 4096, 12288, hhhhh, huuuh",
    "op into allocated,        ddddd, 4096, 12288, dhhhd, duuud",
    "op into unwritten,        uuuuu, 4096, 12288, uhhhu, uuuuu",
    "hole to data,             hhddd, 4096, 12288, hhhhd, huuud",
    "hole to unwritten,        hhuuu, 4096, 12288, hhhhu, huuuu",
    "data to hole,             ddhhh, 4096, 12288, dhhhh, duuuh",
    "data to unwritten,        dduuu, 4096, 12288, dhhhu, duuuu",
    "unwritten to hole,        uuhhh, 4096, 12288, uhhhh, uuuuh",
    "unwritten to data,        uuddd, 4096, 12288, uhhhd, uuuud",
    "hole data hole,           hhdhh, 4096, 12288, hhhhh, huuuh",
    "data hole data,           ddhdd, 4096, 12288, dhhhd, duuud",
    "unwritten data unwritten, uuduu, 4096, 12288, uhhhu, uuuuu",
    "data unwritten data,      ddudd, 4096, 12288, dhhhd, duuud",
    "data ending at EOF,       hhhdd, 12288, 8192, hhhhh, hhhuu",
    "offset 0 one block,       ddddd, 0, 4096,     hdddd, udddd",
    "offset 0 part of a block, ddddd, 0, 1000,     pdddd, pdddd",
    "single block file,        d,     0, 4096,     h,     u",
    "unaligned both ends,      ddddd, 2048, 12288, phhpd, puupd",
    "unaligned over hole,      hhhhh, 2048, 12288, hhhhh, uuuuh",
    "inside one block,         uduhd, 4100, 50,    upuhd, upuhd"
  })
  void punchAndZeroLeaveTheBlocksOfTheTable(
      String name, String before, long offset, long length, String punched, String zeroed) {
    for (Verb verb : List.of(Verb.PUNCH, Verb.ZERO)) {
      String path = "/" + verb.word();
      lay(path, before);
      assertThat(map(path)).as(name).isEqualTo(before);
      assertThat(run.answer(verb.word() + " " + path + " " + offset + " " + length))
          .isEqualTo("OK");
      assertThat(map(path)).as(name).isEqualTo(verb == Verb.PUNCH ? punched : zeroed);
      assertThat(stat(path).sizeBytes()).isEqualTo(before.length() * 4096L);
      assertOnlyRangeIsZero(path, before, offset, length);
    }
  }

  static Stream<String[]> singleAnswers() {
    return Stream.of(
        // seek: data, unwritten as hole, the virtual hole at the end, nothing behind
        new String[] {"hdudh", "seek-data /f 0", "OK 4096"},
        new String[] {"hdudh", "seek-data /f 5000", "OK 5000"},
        new String[] {"hdudh", "seek-data /f 8192", "OK 12288"},
        new String[] {"hdudh", "seek-data /f 16384", "ERR ENXIO"},
        new String[] {"hdudh", "seek-hole /f 10", "OK 10"},
        new String[] {"hdudh", "seek-hole /f 4096", "OK 8192"},
        new String[] {"hdd", "seek-hole /f 4097", "OK 12288"},
        new String[] {"hdd", "seek-hole /f 12288", "ERR ENXIO"},
        new String[] {"hdd", "seek-data /f -1", "ERR ENXIO"},
        // collapse and insert move blocks and size
        new String[] {"dhud", "collapse /f 4096 8192", "OK =dd"},
        new String[] {"dhud", "collapse /f 8192 8192", "ERR EINVAL"},
        new String[] {"dhud", "collapse /f 0 4095", "ERR EINVAL"},
        new String[] {"dhud", "insert /f 4096 8192", "OK =dhhhud"},
        new String[] {"uu", "insert /f 4096 4096", "OK =uhu"},
        new String[] {"dhud", "insert /f 16384 4096", "ERR EINVAL"},
        new String[] {"d", "insert /f 0 17592186040320", "ERR EFBIG"},
        new String[] {"d", "insert /f 0 1", "ERR EINVAL"},
        // fallocate, the part that every mode shares
        new String[] {"d", "punch /f -1 1", "ERR EINVAL"},
        new String[] {"d", "punch /f 0 0", "ERR EINVAL"},
        new String[] {"d", "zero /f 0 9223372036854775807", "ERR EFBIG"},
        new String[] {"d", "allocate /f 17592186040320 1", "ERR EFBIG"},
        new String[] {"d", "allocate /f 4096 4096 keep", "OK"},
        new String[] {"d", "punch /f 4096 17592186036224", "OK =d"},
        new String[] {"d", "allocate /nothing 0 0", "ERR ENOENT"},
        new String[] {"d", "punch / 0 1", "ERR EISDIR"},
        // truncate, read, write
        new String[] {"d", "truncate /f -1", "ERR EINVAL"},
        new String[] {"d", "truncate /nothing -1", "ERR EINVAL"},
        new String[] {"d", "truncate / 0", "ERR EISDIR"},
        new String[] {"d", "truncate /f 17592186040320", "OK"},
        new String[] {"d", "truncate /f 17592186040321", "ERR EFBIG"},
        new String[] {"d", "write /f 17592186040320 1 7", "ERR EFBIG"},
        new String[] {"d", "write /f 17592186040319 2 7", "OK 1"},
        new String[] {"d", "write /f 17592186040320 0 7", "OK 0"},
        new String[] {"d", "write /f -1 1 7", "ERR EINVAL"},
        new String[] {"d", "write /f 9223372036854775807 1 7", "ERR EINVAL"},
        new String[] {"d", "append /nothing 1 7", "ERR ENOENT"},
        new String[] {"d", "read /f -1 1", "ERR EINVAL"},
        new String[] {"d", "read / 0 1", "ERR EISDIR"},
        new String[] {"d", "clone /f 0 /f 0 4096", "ERR EOPNOTSUPP"},
        new String[] {"d", "dedupe /f 0 /f 0 4096", "ERR EOPNOTSUPP"},
        new String[] {"d", "clone /f 0 / 0 4096", "ERR EISDIR"});
  }

  @ParameterizedTest(name = "{0} {1}: {2}")
  @MethodSource("singleAnswers")
  void answersAreThoseOfTheTable(String before, String line, String expected) {
    lay("/f", before);
    String answer = run.answer(line);
    if (expected.startsWith("ERR")) {
      assertThat(answer).startsWith(expected + " ");
      assertThat(map("/f")).isEqualTo(before);
    } else if (expected.contains("=")) {
      assertThat(answer).isEqualTo("OK");
      assertThat(map("/f")).isEqualTo(expected.substring(expected.indexOf('=') + 1));
    } else {
      assertThat(answer).isEqualTo(expected);
    }
  }

  private void lay(String path, String map) {
    assertThat(run.answer("create " + path)).isEqualTo("OK");
    for (int block = 0; block < map.length(); block++) {
      long at = block * 4096L;
      switch (map.charAt(block)) {
        case 'd' -> run.answer("write " + path + " " + at + " 4096 " + (block + 1));
        case 'u' -> run.answer("allocate " + path + " " + at + " 4096 keep");
        default -> {}
      }
    }
    run.answer("truncate " + path + " " + map.length() * 4096L);
    // Not growing would free what was preallocated past the end, so it is laid again.
    for (int block = 0; block < map.length(); block++) {
      if (map.charAt(block) == 'u') {
        run.answer("allocate " + path + " " + block * 4096L + " 4096 keep");
      }
    }
  }

  private String map(String path) {
    StringBuilder map = new StringBuilder("h".repeat((int) (stat(path).sizeBytes() / 4096)));
    for (Extent extent : value(fs.extents(path))) {
      for (long at = 0; at < extent.lengthBytes(); at += 4096) {
        long start = extent.offsetBytes() + at;
        byte[] bytes = value(fs.read(path, start, 4096));
        char letter = extent.state() == Extent.State.UNWRITTEN ? 'u' : dataLetter(bytes);
        map.setCharAt((int) (start / 4096), letter);
      }
    }
    return map.toString();
  }

  private static char dataLetter(byte[] bytes) {
    long zeros = 0;
    for (byte b : bytes) {
      zeros += b == 0 ? 1 : 0;
    }
    return zeros == bytes.length ? 'z' : zeros == 0 ? 'd' : 'p';
  }

  private void assertOnlyRangeIsZero(String path, String before, long offset, long length) {
    byte[] expected = new byte[before.length() * 4096];
    for (int at = 0; at < expected.length; at++) {
      boolean data = before.charAt(at / 4096) == 'd';
      boolean gone = at >= offset && at < offset + length;
      expected[at] = data && !gone ? (byte) (at / 4096 + 1) : 0;
    }
    byte[] actual = value(fs.read(path, 0, expected.length));
    assertThat(Arrays.mismatch(actual, expected)).isEqualTo(-1);
  }

  private Stat stat(String path) {
    return value(fs.stat(path));
  }

  static <T> T value(Outcome<T> outcome) {
    return switch (outcome) {
      case Outcome.Ok<T>(T value) -> value;
      case Outcome.Err<T>(String errno) -> throw new AssertionError(errno);
    };
  }
}
