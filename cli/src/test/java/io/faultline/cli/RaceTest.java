package io.faultline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Goal: {@code race} answers as documented. Method: in-process, with and without a simulation. */
class RaceTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... args) {
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), args);
  }

  @Test
  void listsWhatCanBeRunAndWhatCannotYet() {
    assertThat(run("race", "list")).isEqualTo(ExitCode.HELD);
    assertThat(out.toString()).contains("(a) punch-vs-read\n").contains("not yet: needs");
  }

  @Test
  void namesAloneCanBeReadByAScript() {
    assertThat(run("race", "list", "--names")).isEqualTo(ExitCode.HELD);
    assertThat(out.toString().lines())
        .contains("punch-vs-read", "cache-read-vs-punch")
        .allMatch(n -> n.matches("[a-z-]+"));
  }

  @Test
  void refusesWhatIsNoRaceNoGuardAndNoSchedule() {
    assertThat(run("race", "run", "nothing")).isEqualTo(ExitCode.USAGE);
    assertThat(run("race", "run", "punch-vs-read", "--guard", "hope")).isEqualTo(ExitCode.USAGE);
    assertThat(run("race", "run", "punch-vs-read", "--schedule", "1.x")).isEqualTo(ExitCode.USAGE);
    assertThat(err.toString()).contains("'nothing'").contains("'hope'").contains("'x'");
    assertThat(run("race", "mutants", "--only", "M99")).isEqualTo(ExitCode.USAGE);
    assertThat(run("race", "explore", "punch-vs-read", "--preemptions", "-1"))
        .isEqualTo(ExitCode.USAGE);
  }

  @Test
  void refusesSearchesThatAreNone(@TempDir Path directory) throws Exception {
    assertThat(run("race", "search", "--clients", "9")).isEqualTo(ExitCode.USAGE);
    assertThat(run("race", "search", "--seeds", "0")).isEqualTo(ExitCode.USAGE);
    assertThat(run("race", "search", "--mutant", "NOTHING")).isEqualTo(ExitCode.USAGE);
    assertThat(run("race", "search", "--guard", "hope")).isEqualTo(ExitCode.USAGE);
    assertThat(run("race", "run")).isEqualTo(ExitCode.USAGE);
    Path file = Files.writeString(directory.resolve("p"), "0 fsync 0\n0 fly 0\n");
    assertThat(run("race", "run", "--program", file.toString())).isEqualTo(ExitCode.USAGE);
    assertThat(run("race", "run", "punch-vs-read", "--program", file.toString()))
        .isEqualTo(ExitCode.USAGE);
    assertThat(run("race", "run", "punch-vs-read", "--mutant", "R9_FREE_AT_ONCE"))
        .isEqualTo(ExitCode.USAGE);
    assertThat(err.toString()).contains("9 clients: 2 to 8").contains("line 2: no operation 'fly'");
    assertThat(run("race", "search")).isEqualTo(ExitCode.FAILED);
  }

  @Test
  @Tag("simulation")
  void searchesAndRunsAgainWhatItFound(@TempDir Path directory) throws Exception {
    Path trace = directory.resolve("trace");
    assertThat(run("race", "search", "--seeds", "5", "--trace", trace.toString()))
        .isEqualTo(ExitCode.HELD);
    assertThat(out.toString())
        .containsPattern("seeds=5 schedules=5 points=\\d+ distinct-traces=5 not-judged=0")
        .contains("held: nothing was violated");
    assertThat(Files.readString(trace)).contains("MAPPING_CHANGED");

    Path program = directory.resolve("program");
    String mutant = "R9_FREE_AT_ONCE";
    assertThat(run("race", "search", "--mutant", mutant, "--save", program.toString()))
        .isEqualTo(ExitCode.VIOLATION);
    String found = out.toString();
    assertThat(found).contains("\nVIOLATION kind=").contains("\nseed: ");
    String schedule = found.lines().filter(l -> l.startsWith("schedule: ")).findFirst().orElse("");
    assertThat(
            run(
                "race",
                "run",
                "--program",
                program.toString(),
                "--mutant",
                mutant,
                "--schedule",
                schedule.substring(10)))
        .isEqualTo(ExitCode.VIOLATION);
    String violation = found.lines().filter(l -> l.startsWith("VIOLATION ")).findFirst().orElse("");
    assertThat(out.toString().lines().filter(violation::equals)).hasSize(2);
  }

  @Test
  void saysWhatARaceThatCannotBeRunYetNeeds() {
    assertThat(run("race", "run", "clone-vs-clone")).isEqualTo(ExitCode.FAILED);
    assertThat(err.toString()).contains("needs clone");
  }

  @Test
  void inAnOrdinaryJvmItNamesTheFlagsItNeeds() {
    assertThat(run("race", "run", "punch-vs-read")).isEqualTo(ExitCode.FAILED);
    assertThat(err.toString().lines()).hasSize(1);
    assertThat(err.toString()).contains("-Dfaultline.simulation=true");
  }

  @Test
  void thePriceListKnowsItsLayouts() {
    assertThat(run("race", "price", "--layout", "fat")).isEqualTo(ExitCode.USAGE);
    assertThat(err.toString()).contains("known are ext4");
  }

  @Test
  void thePriceListBeginsNothingWhenItsFiguresCannotBeWritten(@TempDir Path directory) {
    Path json = directory.resolve("missing/price.json");
    assertThat(run("race", "price", "--quick", "--json", json.toString()))
        .isEqualTo(ExitCode.FAILED);
    assertThat(out.toString()).isEmpty();
  }

  @Test
  @Tag("simulation")
  void thePriceListIsNotMeasuredInASimulation() {
    assertThat(run("race", "price", "--quick")).isEqualTo(ExitCode.FAILED);
    assertThat(err.toString()).contains("simulates");
  }

  @Test
  @Tag("simulation")
  void showsTheRaceItsPictureAndWhatForbidsIt(@TempDir Path directory) throws Exception {
    Path picture = directory.resolve("race.svg");
    assertThat(
            run("race", "run", "punch-vs-read", "--guard", "none", "--picture", picture.toString()))
        .isEqualTo(ExitCode.VIOLATION);
    String shown = out.toString();
    assertThat(shown).contains("\nVIOLATION kind=stale-read ino=").contains("\nschedule: ");
    assertThat(Files.readString(picture)).startsWith("<svg ");
    String schedule = shown.substring(shown.indexOf("\nschedule: ") + 11).strip();
    assertThat(run("race", "run", "punch-vs-read", "--schedule", schedule))
        .isEqualTo(ExitCode.HELD);
    assertThat(out.toString()).contains("\nimpossible: step ").contains("mapping lock of inode");
    assertThat(run("race", "run", "punch-vs-read", "--schedule", "0*3.99"))
        .as("a schedule of another program is no violation of this one")
        .isEqualTo(ExitCode.USAGE);
    assertThat(err.toString()).contains("choice 99 of").contains("not a schedule");
    assertThat(run("race", "explore", "punch-vs-read", "--preemptions", "1"))
        .isEqualTo(ExitCode.HELD);
    assertThat(out.toString())
        .containsPattern("points=\\d+ schedules=\\d+ pruned=\\d+ complete=true");
    assertThat(run("race", "explore", "punch-vs-read", "--guard", "none"))
        .isEqualTo(ExitCode.VIOLATION);
  }

  @Test
  @Tag("simulation")
  void runsAScheduleThatWasFoundWithoutReduction() {
    assertThat(run("race", "explore", "punch-vs-read", "--guard", "none", "--no-reduction"))
        .isEqualTo(ExitCode.VIOLATION);
    String found = out.toString();
    String violation = found.lines().filter(l -> l.startsWith("VIOLATION ")).findFirst().orElse("");
    String schedule = found.substring(found.indexOf("schedule: ") + 10).strip();
    assertThat(schedule).startsWith("plain:");
    assertThat(run("race", "run", "punch-vs-read", "--guard", "none", "--schedule", schedule))
        .isEqualTo(ExitCode.VIOLATION);
    assertThat(out.toString().substring(found.length()))
        .contains(violation)
        .endsWith("\nschedule: " + schedule + "\n");
    assertThat(run("race", "run", "punch-vs-read", "--schedule", schedule))
        .isEqualTo(ExitCode.HELD);
    assertThat(out.toString()).contains("\nimpossible: step ");
  }

  @Test
  @Tag("simulation")
  void showsWhatFairnessCostsAndThatThereIsNoneWithoutTheLock() {
    assertThat(run("race", "run", "fill-behind-punch")).isEqualTo(ExitCode.HELD);
    String queued = out.toString();
    assertThat(queued).contains("mapping lock drains").contains("no violation but a cost: ");
    assertThat(run("race", "run", "fill-behind-punch", "--guard", "none")).isEqualTo(ExitCode.HELD);
    assertThat(out.toString().substring(queued.length()))
        .contains("impossible: step ")
        .doesNotContain("queues for the mapping lock");
  }

  @Test
  @Tag("simulation")
  void exploresALockWithoutAVolumeAgainAndAgain() {
    assertThat(run("race", "explore", "lock-back-out", "--seconds", "1")).isEqualTo(ExitCode.HELD);
    assertThat(out.toString())
        .containsPattern(
            "complete=true times=\\d+ seconds=[\\d.]+ schedules/s=\\d+ cpu-seconds=[\\d.]+"
                + " schedules/cpu-s=\\d+ second-half: schedules/s=\\d+ schedules/cpu-s=\\d+");
    assertThat(run("race", "explore", "lock-back-out", "--guard", "none"))
        .isEqualTo(ExitCode.VIOLATION);
    assertThat(out.toString()).contains("\nVIOLATION kind=deadlock ");
  }
}
