package io.faultline.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run as the command makes it, in miniature, JVMs included. Goal: figures of every target come
 * back, files are written, nothing is left behind.
 */
class PeerBenchTest {
  @TempDir Path temp;

  @Test
  void aRunEndsWithFiguresAndNothingElse() throws IOException {
    Path place = Files.createDirectory(temp.resolve("place"));
    Path json = temp.resolve("bench.json");
    Path results = temp.resolve("RESULTS.md");
    BenchOptions options =
        new BenchOptions(place, 1, 1, 5, 1, "tiny", List.of("punch"), json, results);
    StringWriter out = new StringWriter();
    assertThat(new BenchRun(options, new PrintWriter(out)).run()).isEqualTo(BenchRun.HELD);
    assertThat(out.toString())
        .contains("punch: 4 KiB random reader", "goals: ")
        .doesNotContain("failed:");
    assertThat(Files.readString(json))
        .contains("\"punch.faultline.ns\"", "\"punch.ext4.ns\"")
        .contains("\"result\": \"held\"");
    assertThat(Files.readString(results))
        .contains("commit unknown, tiny", "| punch | 4 KiB random reader");
    assertThat(place).isEmptyDirectory();
  }
}
