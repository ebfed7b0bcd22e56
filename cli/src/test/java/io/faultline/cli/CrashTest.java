package io.faultline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.runtime.Barrier;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Goal: {@code crash} answers as documented. Method: in process. */
class CrashTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... args) {
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), args);
  }

  @Test
  void sitesAreListedOneALine() {
    assertThat(run("crash", "sites")).isEqualTo(ExitCode.HELD);
    assertThat(out.toString().lines())
        .hasSize(Barrier.values().length)
        .contains("segment-sync", "fsync-image-flush")
        .allMatch(site -> site.matches("[a-z-]+"));
  }

  @Test
  void anOmissionIsFoundWrittenDownAndRepeated(@TempDir Path directory) throws Exception {
    Path json = directory.resolve("crash.json");
    assertThat(run("crash", "explore", "--sample", "--omit", "segment-sync", "--json", "" + json))
        .isEqualTo(ExitCode.VIOLATION);
    assertThat(out.toString())
        .contains("\nVIOLATION kind=crash-")
        .contains("\nsequence: ")
        .contains("\ncrash: ");
    assertThat(Files.readString(json))
        .startsWith("{\n")
        .contains("\"crashStates\": ", "\"distinctStates\": ", "\"sequences\": ")
        .contains("\"recoveries\": ", "\"failures\": 1", "\"seconds\": ", "\"seed\": 1");
    String said = out.toString();
    String trail = said.substring(said.indexOf("\nreplay: ") + 9).strip();
    assertThat(run("crash", "explore", "--omit", "segment-sync", "--replay", trail))
        .isEqualTo(ExitCode.VIOLATION);
    assertThat(run("crash", "explore", "--replay", trail)).isEqualTo(ExitCode.HELD);
  }

  @Test
  void aShortCampaignHolds() {
    assertThat(run("crash", "explore", "--duration", "1s", "--workers", "1"))
        .isEqualTo(ExitCode.HELD);
    assertThat(out.toString()).startsWith("crash: ").contains(" crash states, ");
  }

  @Test
  void refusesWhatMakesNoSense() {
    assertThat(run("crash", "explore", "--omit", "hope")).isEqualTo(ExitCode.USAGE);
    assertThat(run("crash", "explore", "--replay", "fly /a")).isEqualTo(ExitCode.USAGE);
    assertThat(run("crash", "explore", "--replay", "sync @ power 9999 -"))
        .isEqualTo(ExitCode.USAGE);
    assertThat(run("crash", "explore", "--duration", "soon")).isEqualTo(ExitCode.USAGE);
    assertThat(run("crash", "explore", "--workers", "0")).isEqualTo(ExitCode.USAGE);
    assertThat(run("crash")).isEqualTo(ExitCode.USAGE);
    assertThat(err.toString()).contains("'hope'").contains("fly").contains("events");
  }
}
