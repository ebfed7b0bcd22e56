package io.faultline.soak.race;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.lock.Guard;
import io.faultline.engine.runtime.sim.Explorer;
import io.faultline.engine.runtime.sim.Schedule;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Goal: each race of the catalogue exists in this engine once what cures it is left out, and cannot
 * happen with it. Method: the real engine, every schedule of at most two preemptions; the schedule
 * that is found shows the race again, and under the guard the step that cannot be taken is named.
 */
@Tag("simulation")
class RaceScenariosTest {
  @BeforeAll
  static void begin() {
    Laboratory.begin();
  }

  static List<Scenario> all() {
    return Stream.of(Scenarios.all(), Scenarios.locksAndCache()).flatMap(List::stream).toList();
  }

  static Stream<Scenario> shown() {
    return all().stream().filter(scenario -> !scenario.survives());
  }

  static Stream<Scenario> surviving() {
    return Scenarios.all().stream().filter(Scenario::survives);
  }

  /** Not one interleaving over and over; a scenario without a volume has few. */
  private static long fewest(Scenario scenario) {
    return Scenarios.locksAndCache().contains(scenario) ? 5 : 20;
  }

  private static Explorer.Result explored(Scenario scenario, boolean omitted, boolean reduce) {
    return Laboratory.explore(
        scenario, omitted, new Explorer.Options(Laboratory.PREEMPTIONS, Long.MAX_VALUE, reduce));
  }

  @ParameterizedTest
  @MethodSource("all")
  void underTheGuardNoScheduleWithinTheBoundViolatesAnything(Scenario scenario) {
    Explorer.Result result = explored(scenario, false, true);
    assertThat(result.failure()).isEmpty();
    assertThat(result.complete()).isTrue();
    // Not one interleaving over and over.
    assertThat(result.schedules()).isGreaterThan(fewest(scenario));
  }

  @ParameterizedTest
  @MethodSource("all")
  void theRangeLockPassesWhatTheWholeFileLockPasses(Scenario scenario) {
    Explorer.Result result = explored(scenario.withGuard(Guard.RANGE_LOCK), false, true);
    assertThat(result.failure()).isEmpty();
    assertThat(result.complete()).isTrue();
    assertThat(result.schedules()).isGreaterThan(fewest(scenario));
  }

  @ParameterizedTest
  @MethodSource("shown")
  void whatItNamesLeftOutItShowsItsViolation(Scenario scenario) {
    RaceRun run = Laboratory.shown(scenario).orElseThrow();
    assertThat(run.violation()).isPresent();
    String kind = run.violation().orElseThrow().kind();
    // Where the engine's own check is faster than a client it names the invariant instead.
    assertThat(kind).isIn(scenario.kind(), "invariant");
    RaceRun again = Laboratory.replay(scenario, true, run.schedule());
    assertThat(again.violation().orElseThrow().line())
        .isEqualTo(run.violation().orElseThrow().line());
    assertThat(again.steps()).isEqualTo(run.steps());
    Laboratory.Answer shown = Laboratory.run(scenario, Guard.NONE, run.schedule());
    assertThat(shown.verdict()).isEqualTo(Laboratory.Verdict.VIOLATION);
    assertThat(shown.text()).contains("\nVIOLATION kind=" + kind);
    Laboratory.Answer cured = Laboratory.run(scenario, Guard.MAPPING_LOCK, run.schedule());
    assertThat(cured.verdict()).isEqualTo(Laboratory.Verdict.HELD);
    if (scenario.omission().guard() == Guard.NONE) {
      assertThat(cured.text())
          .containsPattern(
              "\nimpossible: step \\d+ of that schedule, .* waits for the mapping lock");
    }
  }

  @ParameterizedTest
  @MethodSource("surviving")
  void leavingOutWhatSurvivesDoesNoHarmInAnySchedule(Scenario scenario) {
    Explorer.Result result = explored(scenario, true, true);
    assertThat(result.failure()).isEmpty();
    assertThat(result.complete()).isTrue();
  }

  @Test
  void underTheMappingLockTheStepThatCannotBeTakenIsNamedWithTheLock() {
    Scenario scenario = Scenarios.find("punch-vs-read").orElseThrow();
    String text = Laboratory.run(scenario, Guard.MAPPING_LOCK, null).text();
    assertThat(text)
        .containsPattern(
            "impossible: step \\d+ of that schedule, \"fill: may fill from page 0\", cannot be"
                + " taken: fill waits for the mapping lock of inode \\d+, held exclusive by the"
                + " command");
  }

  @Test
  void aCommandThatCannotBeginIsSaidToWaitForTheFillThatHoldsItsLock() {
    // The page is in the table and its block not looked up when the punch begins.
    Scenario scenario = Scenarios.find("punch-vs-read").orElseThrow();
    String text = Laboratory.run(scenario, Guard.MAPPING_LOCK, Schedule.parse("1.0*2.1*2")).text();
    assertThat(text)
        .containsPattern(
            "punch-\\d+ cannot begin before its command has the mapping lock of inode \\d+"
                + " exclusive; it is held shared by fill since row \\d+\n");
  }

  @Test
  void aFillQueuesBehindAWaitingPunchWhichIsWhatFairnessCosts() {
    Scenario scenario = FairnessCost.scenario();
    RaceRun run = FairnessCost.shown(scenario).orElseThrow();
    assertThat(run.violation().orElseThrow().kind()).isEqualTo("queued");
    // Without a lock nobody can queue. One preemption is what the queue took above.
    Explorer.Result unlocked =
        Laboratory.explore(
            scenario.withGuard(Guard.NONE), false, new Explorer.Options(1, Long.MAX_VALUE, true));
    assertThat(unlocked.failure()).isEmpty();
    assertThat(unlocked.complete()).isTrue();
  }

  @Test
  void theReductionLeavesTheVerdictsAsTheyAre() {
    List<Scenario> asked =
        Stream.concat(
                Stream.of("punch-vs-read", "write-vs-writeback", "mkwrite-vs-punch")
                    .map(name -> Scenarios.find(name).orElseThrow()),
                Scenarios.locksAndCache().stream())
            .toList();
    for (Scenario scenario : asked) {
      String name = scenario.name();
      for (boolean omitted : new boolean[] {false, true}) {
        Explorer.Result reduced = explored(scenario, omitted, true);
        Explorer.Result plain = explored(scenario, omitted, false);
        assertThat(reduced.failure().isPresent())
            .as("%s, left out: %s", name, omitted)
            .isEqualTo(plain.failure().isPresent());
        assertThat(plain.pruned()).isZero();
        if (plain.complete()) {
          assertThat(reduced.schedules()).isLessThanOrEqualTo(plain.schedules());
        }
        if (name.equals("punch-vs-read") && !omitted) {
          assertThat(reduced.schedules()).isLessThan(plain.schedules());
          assertThat(reduced.pruned()).isPositive();
        }
      }
    }
  }
}
