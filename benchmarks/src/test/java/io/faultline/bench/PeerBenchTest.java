package io.faultline.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run as the command makes it, in miniature, JVMs and forks of JMH included. Goal: figures of
 * every target come back, files are written, nothing is left behind; a target that lies ends it,
 * one that fails does not but is told of. Method: for lies and failures, targets of this test.
 */
class PeerBenchTest {
  private static final Forks READS =
      new Forks(CachedReads.class, 1, Map.of("spanBytes", "" + (1 << 20)));
  private static final String LIAR = LyingTarget.class.getName();

  @TempDir Path temp;
  private Path place = Path.of("");

  /** Cannot be made. */
  static final class Failing {}

  @BeforeEach
  void makePlace() throws IOException {
    place = Files.createDirectory(temp.resolve("place"));
  }

  private BenchOptions options(String... rows) {
    return new BenchOptions(place, 1, 1, 5, "tiny", List.of(rows), null, null);
  }

  private RowResult measure(Row row) throws IOException {
    try (PeerBench bench = new PeerBench(options(), place, new Machine(Path.of("/proc")))) {
      return bench.measure(row);
    }
  }

  @Test
  void aRunEndsWithFiguresAndNothingElse() throws IOException {
    Path json = temp.resolve("bench.json");
    Path results = temp.resolve("RESULTS.md");
    StringWriter out = new StringWriter();
    BenchOptions options = options("punch").writing(json, results);
    assertThat(new BenchRun(options, new PrintWriter(out)).run()).isEqualTo(BenchRun.HELD);
    assertThat(out.toString())
        .contains("punch: 4 KiB random reader", "goals: ")
        .doesNotContain("not measured:");
    assertThat(Files.readString(json))
        .contains("\"punch.faultline.ns\"", "\"punch.ext4.ns\"")
        .contains("\"result\": \"held\"");
    assertThat(Files.readString(results))
        .contains("commit unknown, tiny", "| punch | 4 KiB random reader");
    assertThat(place).isEmptyDirectory();
  }

  @Test
  void jmhMeasuresTimeAndAllocation() throws IOException {
    Row row =
        Row.of("reads", "reads", List.of(Targets.ENGINE, Targets.FLOOR), READS)
            .reaching(Goal.time(Targets.FLOOR, 2), Goal.atMost("allocated", 0));
    RowResult result = measure(row);
    assertThat(result.notMeasured()).isEmpty();
    assertThat(row.goals()).allMatch(goal -> goal.values(result.samples()).length == 1);
    assertThat(place).isEmptyDirectory();
  }

  @Test
  void aReadThatIsWrongEndsARunOfJmh() {
    assertThatThrownBy(() -> measure(Row.of("reads", "reads", List.of(LIAR), READS)))
        .isInstanceOf(WrongDataException.class)
        .hasMessageStartingWith("kind=wrong-read file=read")
        .hasMessageEndingWith("row=reads target=" + LIAR);
    assertThat(place).isEmptyDirectory();
  }

  @Test
  void whatFailsOrIsAbsentIsToldOfAndTheOthersAreMeasured() throws IOException {
    List<String> targets = List.of(Failing.class.getName(), "no.such.Target", Targets.FLOOR);
    RowResult result = measure(Row.of("reads", "reads", targets, READS));
    assertThat(result.samples()).containsOnlyKeys(Targets.FLOOR);
    assertThat(result.failed()).isEqualTo(1);
    assertThat(result.notMeasured())
        .satisfiesExactlyInAnyOrder(
            failed -> assertThat(failed).contains("Failing of reads failed: ", "ClassCast"),
            absent ->
                assertThat(absent)
                    .isEqualTo("no.such.Target of reads absent: no.such.Target: no.such.Target"));
  }
}
