package io.faultline.soak.race;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.runtime.Mutant;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Goal: a seed is an interleaving. Method: the same seeds twice in this JVM, in one that only
 * interprets and in one with a single processor; trace and journal bytes must be equal, and nearly
 * all seeds must differ from each other, or equality would say nothing.
 */
@Tag("simulation")
class DeterminismTest {
  private static final int SEEDS = 50;
  private static final int SEEDS_DEEP = 1_000;

  @BeforeAll
  static void begin() {
    Laboratory.begin();
    Mutant.activate();
  }

  private static List<String> here(int seeds) {
    List<String> lines = new ArrayList<>();
    for (long seed = 0; seed < seeds; seed++) {
      lines.add(Storm.run(seed));
    }
    return lines;
  }

  private static List<String> elsewhere(int seeds, String... options) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    command.addAll(
        List.of(
            "-Xmx256m",
            "--add-opens",
            "java.base/java.lang=ALL-UNNAMED",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dfaultline.simulation=true",
            "-Dfaultline.mutants=true",
            "-Dfaultline.checks=true"));
    String logging = System.getProperty("logback.configurationFile");
    if (logging != null) {
      command.add("-Dlogback.configurationFile=" + logging);
    }
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), Storm.class.getName(), "" + seeds));
    Process child =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (var out = child.getInputStream()) {
      return new String(out.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  private static void compare(int seeds) throws IOException {
    List<String> first = here(seeds);
    assertThat(here(seeds)).isEqualTo(first);
    assertThat(elsewhere(seeds, "-Xint")).isEqualTo(first);
    assertThat(elsewhere(seeds, "-XX:ActiveProcessorCount=1")).isEqualTo(first);
    Set<String> traces = new HashSet<>();
    first.forEach(line -> traces.add(line.substring(line.indexOf(' '), line.lastIndexOf(' '))));
    assertThat(traces.size()).isGreaterThanOrEqualTo(seeds * 95 / 100);
  }

  @Test
  void theSameSeedIsTheSameTraceAndTheSameJournalInEveryJvm() throws IOException {
    compare(SEEDS);
  }

  @Test
  @Tag("deep")
  void theSameForAThousandSeeds() throws IOException {
    compare(SEEDS_DEEP);
  }
}
