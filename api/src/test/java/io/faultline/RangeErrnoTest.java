package io.faultline;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: every operation answers offsets and lengths that make no sense with the errno of SEMANTICS
 * §4.1, §4.2 and §4.6, and changes nothing.
 */
@Timeout(60)
class RangeErrnoTest {
  private static final long MAX = ((1L << 32) - 1) * 4_096;
  private static final int PAGE = 4_096;
  private static final long SIZE = 3 * PAGE + 100;

  private interface Operation {
    void run(OpenFile file) throws IOException;
  }

  private record Row(String text, Operation operation, String errno) {}

  private final List<Row> table = new ArrayList<>();

  private void row(String text, String errno, Operation operation) {
    table.add(new Row(text, operation, errno));
  }

  private interface Ranged {
    void run(OpenFile file, long offset, long length) throws IOException;
  }

  private void ranges(String name, Ranged ranged) {
    Object[][] rows = {
      {-1L, 1L, "EINVAL"},
      {Long.MIN_VALUE, 1L, "EINVAL"},
      {0L, 0L, "EINVAL"},
      {0L, -1L, "EINVAL"},
      {0L, Long.MIN_VALUE, "EINVAL"},
      {-4096L, -4096L, "EINVAL"},
      {Long.MAX_VALUE, 1L, "EFBIG"},
      {1L, Long.MAX_VALUE, "EFBIG"},
      {Long.MAX_VALUE, Long.MAX_VALUE, "EFBIG"},
      {MAX, 1L, "EFBIG"},
      {0L, MAX + 1, "EFBIG"},
    };
    for (Object[] r : rows) {
      long offset = (Long) r[0];
      long length = (Long) r[1];
      row(name + " " + offset + " " + length, (String) r[2], f -> ranged.run(f, offset, length));
    }
  }

  private static ByteBuffer bytes(int length) {
    return ByteBuffer.allocate(length);
  }

  private void fill() {
    ranges("punch", OpenFile::punchHole);
    ranges("zero", OpenFile::zeroRange);
    ranges("zero keep", (f, o, l) -> f.zeroRange(o, l, true));
    ranges("allocate", OpenFile::allocate);
    ranges("allocate keep", (f, o, l) -> f.allocate(o, l, true));
    ranges("collapse", OpenFile::collapseRange);
    ranges("insert", OpenFile::insertRange);
    row("collapse unaligned offset", "EINVAL", f -> f.collapseRange(1, PAGE));
    row("collapse unaligned length", "EINVAL", f -> f.collapseRange(0, 100));
    row("collapse to the end", "EINVAL", f -> f.collapseRange(PAGE, 3 * PAGE));
    row("collapse behind the end", "EINVAL", f -> f.collapseRange(8 * PAGE, PAGE));
    row("insert unaligned offset", "EINVAL", f -> f.insertRange(1, PAGE));
    row("insert unaligned length", "EINVAL", f -> f.insertRange(0, 100));
    row("insert behind the end", "EINVAL", f -> f.insertRange(4 * PAGE, PAGE));
    row("insert past the limit", "EFBIG", f -> f.insertRange(0, MAX - PAGE));
    row("truncate -1", "EINVAL", f -> f.truncate(-1));
    row("truncate least", "EINVAL", f -> f.truncate(Long.MIN_VALUE));
    row("truncate past the limit", "EFBIG", f -> f.truncate(MAX + 1));
    row("truncate most", "EFBIG", f -> f.truncate(Long.MAX_VALUE));
    row("read -1", "EINVAL", f -> f.read(bytes(1), -1));
    row("read overflowing", "EINVAL", f -> f.read(bytes(2), Long.MAX_VALUE));
    row("read behind the limit", "-1", f -> assertThat(f.read(bytes(2), MAX)).isEqualTo(-1));
    row("read at the end", "-1", f -> assertThat(f.read(bytes(2), SIZE)).isEqualTo(-1));
    row("read nothing", "0", f -> assertThat(f.read(bytes(0), SIZE + 5)).isZero());
    row("write -1", "EINVAL", f -> f.write(bytes(1), -1));
    row("write overflowing", "EINVAL", f -> f.write(bytes(2), Long.MAX_VALUE));
    row("write at the limit", "EFBIG", f -> f.write(bytes(1), MAX));
    row("write nothing at the limit", "0", f -> assertThat(f.write(bytes(0), MAX)).isZero());
    row("seek data -1", "ENXIO", f -> f.seekData(-1));
    row("seek data at the end", "ENXIO", f -> f.seekData(SIZE));
    row("seek data most", "ENXIO", f -> f.seekData(Long.MAX_VALUE));
    row("seek hole -1", "ENXIO", f -> f.seekHole(-1));
    row("seek hole at the end", "ENXIO", f -> f.seekHole(SIZE));
    row("seek hole least", "ENXIO", f -> f.seekHole(Long.MIN_VALUE));
    for (Advice advice : Advice.values()) {
      row("advise -1 " + advice, "EINVAL", f -> f.advise(-1, 1, advice));
      row("advise length -1 " + advice, "EINVAL", f -> f.advise(0, -1, advice));
      row("advise overflowing " + advice, "", f -> f.advise(PAGE, Long.MAX_VALUE, advice));
      row("advise behind the end " + advice, "", f -> f.advise(Long.MAX_VALUE, 0, advice));
    }
    row("map -4096", "EINVAL", f -> f.map(-PAGE, PAGE));
    row("map nothing", "EINVAL", f -> f.map(0, 0));
    row("map less than nothing", "EINVAL", f -> f.map(0, -1));
    row("map unaligned", "EINVAL", f -> f.map(1, PAGE));
    row("map overflowing", "EINVAL", f -> f.map(PAGE, Long.MAX_VALUE));
  }

  private static String outcome(Operation operation, OpenFile file) throws IOException {
    try {
      operation.run(file);
      return "none";
    } catch (ErrnoException e) {
      return e.errno().name();
    }
  }

  @Test
  void senselessRangesAreRefusedAndChangeNothing() throws IOException {
    fill();
    List<String> wrong = new ArrayList<>();
    try (PowerCutVolume subject = new PowerCutVolume(2L << 20);
        OpenFile file = subject.volume().open("/f", CREATE, READ, WRITE)) {
      file.write(bytes((int) SIZE), 0);
      file.sync();
      for (Row row : table) {
        String expected = row.errno.startsWith("E") ? row.errno : "none";
        String got = outcome(row.operation, file);
        if (!got.equals(expected)) {
          wrong.add(row.text + ": " + got + " instead of " + expected);
        }
      }
      assertThat(file.size()).isEqualTo(SIZE);
      assertThat(file.extents())
          .containsExactly(new FileExtent(0, 4 * PAGE, FileExtent.State.DATA));
      assertThat(subject.volume().fsck().findings()).isEmpty();
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void filesAreOpenedForWhatTheyAreUsedFor() throws IOException {
    try (PowerCutVolume subject = new PowerCutVolume(2L << 20);
        OpenFile writer = subject.volume().open("/f", CREATE, WRITE);
        OpenFile reader = subject.volume().open("/f", READ)) {
      writer.write(bytes(10), 0);
      List<String> got = new ArrayList<>();
      got.add(outcome(f -> f.write(bytes(1), 0), reader));
      got.add(outcome(f -> f.append(bytes(1)), reader));
      got.add(outcome(f -> f.punchHole(0, 1), reader));
      got.add(outcome(f -> f.allocate(0, 1), reader));
      got.add(outcome(f -> f.read(bytes(1), 0), writer));
      got.add(outcome(f -> f.map(0, PAGE), writer));
      assertThat(got).containsOnly("EBADF");
      assertThat(outcome(f -> f.truncate(0), reader)).isEqualTo("EINVAL");
      // Bad numbers are looked at before the file is.
      assertThat(outcome(f -> f.punchHole(-1, 1), reader)).isEqualTo("EINVAL");
      OpenFile closed = subject.volume().open("/f");
      closed.close();
      assertThat(outcome(f -> f.read(bytes(1), 0), closed)).isEqualTo("EBADF");
      assertThat(outcome(OpenFile::size, closed)).isEqualTo("EBADF");
      assertThat(outcome(OpenFile::sync, closed)).isEqualTo("EBADF");
    }
  }
}
