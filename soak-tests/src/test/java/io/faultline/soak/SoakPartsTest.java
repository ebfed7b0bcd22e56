package io.faultline.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The parts of a soak that can be looked at alone. */
class SoakPartsTest {
  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource({"60s, 60000", "500ms, 500", "7, 7000", "2m, 120000", "1h, 3600000", "' 3S ', 3000"})
  void durationsAreRead(String text, long millis) {
    assertThat(SoakOptions.parseDuration(text)).isEqualTo(Duration.ofMillis(millis));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "s", "-1s", "1 d", "1.5s", "9999999999999s", "999999h"})
  void whatIsNoDurationIsRefused(String text) {
    assertThatThrownBy(() -> SoakOptions.parseDuration(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(text);
  }

  @Test
  void senselessLoadsAreRefused() {
    SoakOptions options = SoakOptions.defaults(1);
    Duration second = Duration.ofSeconds(1);
    assertThatThrownBy(() -> options.load(second, 0, 1)).hasMessageContaining("threads=0");
    assertThatThrownBy(() -> options.load(second, 1, -1)).hasMessageContaining("changers=-1");
    assertThatThrownBy(() -> options.load(Duration.ZERO, 1, 1)).hasMessageContaining("duration");
  }

  @Test
  void theDataIsAlwaysMuchMoreThanTheCache() {
    SoakShape shape = SoakShape.DEFAULT;
    assertThat(shape.files() * shape.fileBytesAtStart()).isGreaterThan(4 * shape.cacheBytes());
    assertThat(shape.dataBytesMin()).isGreaterThanOrEqualTo(4 * shape.cacheBytes());
    assertThatThrownBy(() -> new SoakShape(2, 1L << 20, 1L << 20)).hasMessageContaining("4 times");
  }

  @Test
  void theLineOfAFindingHasNoBlanksInsideItsFields() {
    Finding finding = new Finding("error", 12, 4096, "EIO read:\n bad", "", Finding.NONE);
    assertThat(finding.line())
        .isEqualTo("VIOLATION kind=error ino=12 offset=4096 saw=EIO_read:_bad allowed=- lsn=-");
    assertThat(finding.at(7).line()).endsWith("lsn=7");
  }

  @Test
  void theRingKeepsTheNewestRecords() throws IOException {
    TraceRing ring = new TraceRing(16 * TraceRing.RECORD_BYTES);
    for (int i = 1; i <= 40; i++) {
      ring.add(3, OpKind.PUNCH, i % 2 == 0 ? 12 : 13, i * 512L, 512, System.nanoTime(), i, 512);
    }
    Path binary = directory.resolve("trace.bin");
    Path lines = directory.resolve("trace.txt");
    ring.dump(binary);
    ring.dumpText(lines, 12);
    assertThat(Files.size(binary)).isEqualTo(16 * TraceRing.RECORD_BYTES);
    List<String> text = Files.readAllLines(lines);
    assertThat(text).hasSize(9);
    assertThat(text.get(1)).startsWith("26 ").endsWith(" 3 punch 12 13312 512 26 512");
    assertThat(text.getLast()).startsWith("40 ");
  }
}
