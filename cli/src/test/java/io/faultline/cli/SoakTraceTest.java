package io.faultline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Goal: a traced soak leaves what locks, pages and commands did, with the transaction each of them
 * saw. Method: a short soak in a JVM of its own, since tracing is chosen once per JVM; its records
 * are counted against each other.
 */
class SoakTraceTest {
  @TempDir private Path directory;

  private String soak(String... words) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                "-Dlogback.configurationFile=io/faultline/cli/logging.xml",
                "-cp",
                System.getProperty("java.class.path"),
                "io.faultline.cli.Main",
                "soak",
                "--duration",
                "1s"));
    command.addAll(List.of(words));
    Path out = directory.resolve("out");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile()).start();
    int code = process.waitFor();
    String text = Files.readString(out);
    assertThat(code).as("%s", text).isZero();
    return text;
  }

  private static long count(Map<String, Long> kinds, String kind) {
    return kinds.getOrDefault(kind, 0L);
  }

  @Test
  void locksPagesAndCommandsAreTracedWithTheTransactionTheySaw() throws Exception {
    Path trace = directory.resolve("trace");
    assertThat(soak("--trace", trace.toString())).contains("steps of the engine in " + trace);
    List<String[]> records =
        Files.readAllLines(trace).stream().skip(1).map(line -> line.split(" ", -1)).toList();
    assertThat(records).allSatisfy(fields -> assertThat(fields).hasSize(7));
    Map<String, Long> kinds =
        records.stream().collect(Collectors.groupingBy(f -> f[3], Collectors.counting()));
    assertThat(kinds)
        .containsKeys(
            "lock-shared",
            "lock-exclusive",
            "page-inserted",
            "page-uptodate",
            "page-dirty",
            "page-writeback",
            "page-evicted",
            "mapping-changed",
            "tx-durable",
            "command-begins");
    // What began has ended: everybody was waited for. The ring has lost nothing yet.
    assertThat(count(kinds, "command-begins"))
        .isEqualTo(count(kinds, "command-ends") + count(kinds, "command-fails"));
    assertThat(count(kinds, "lock-exclusive")).isEqualTo(count(kinds, "lock-exclusive-released"));
    assertThat(records.stream().filter(f -> f[3].equals("command-begins")).map(f -> f[6]))
        .contains("truncate", "punch");
    long lastLsn = Long.parseLong(records.getLast()[1]);
    long durable =
        records.stream()
            .filter(f -> f[3].equals("tx-durable"))
            .mapToLong(f -> Long.parseLong(f[5]))
            .max()
            .orElseThrow();
    assertThat(lastLsn).isPositive().isGreaterThanOrEqualTo(durable);
  }

  @Test
  void aTimelineShowsTheTraceBesideTheJournal() throws Exception {
    Path trace = directory.resolve("trace");
    Path volume = directory.resolve("volume");
    soak("--trace", trace.toString(), "--volume", volume.toString());
    Path page = directory.resolve("page.html");
    VerbRun.Outcome run =
        new VerbRun()
            .run(
                "journal",
                volume.toString(),
                "timeline",
                "--html",
                page.toString(),
                "--trace",
                trace.toString());
    assertThat(run.exitCode()).as("%s", run.err()).isZero();
    long seen =
        Files.readAllLines(trace).stream()
            .skip(1)
            .filter(line -> Long.parseLong(line.split(" ", -1)[1]) >= 1)
            .count();
    assertThat(run.out()).contains(" steps=" + seen + " ");
    assertThat(Files.readString(page)).contains("id=\"data\"").doesNotContain("@DATA@");
    Files.writeString(trace, "no heading\n");
    VerbRun.Outcome refused =
        new VerbRun()
            .run(
                "journal",
                volume.toString(),
                "timeline",
                "--html",
                page.toString(),
                "--trace",
                trace.toString());
    assertThat(refused.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(refused.err()).contains("is no trace");
  }

  @Test
  void untracedSoaksSayNothingOfIt() throws Exception {
    assertThat(soak()).doesNotContain("steps of the engine");
  }
}
