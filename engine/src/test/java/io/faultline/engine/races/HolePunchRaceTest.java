package io.faultline.engine.races;

import static io.faultline.engine.EngineFixture.PAGE;
import static io.faultline.engine.EngineFixture.Setup.SMALL;
import static io.faultline.engine.EngineFixture.bytes;
import static io.faultline.engine.EngineFixture.page;
import static io.faultline.engine.EngineFixture.read;
import static io.faultline.engine.EngineFixture.runs;
import static io.faultline.engine.EngineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.EngineFixture;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.lock.Guard;
import io.faultline.engine.runtime.Check;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.sim.Explorer;
import io.faultline.engine.runtime.sim.SimScheduler;
import io.faultline.engine.runtime.sim.SimulationFailure;
import io.faultline.engine.runtime.sim.Strategy;
import io.faultline.engine.volume.OpenInode;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

/**
 * Goal: the races of SEMANTICS §1 exist in this engine without the mapping lock and are gone with
 * it. Method: the real engine under the scheduler, every schedule of at most two preemptions; the
 * oracle is invariant I15, asked of a read that begins after everybody has returned.
 */
@Tag("simulation")
class HolePunchRaceTest {
  private static final int PREEMPTIONS = 2;

  /** Whose bytes a stale page shows. */
  private enum Stale {
    OWN("S"),
    OTHERS("G");

    private final String letter;

    Stale(String letter) {
      this.letter = letter;
    }

    boolean seen(String runs) {
      return runs.contains(letter);
    }
  }

  /** How the page gets into the cache. */
  private interface Fill {
    void fill(OpenInode file) throws Exception;
  }

  private static void byReading(OpenInode file) throws FsException {
    read(file, 0, PAGE);
  }

  private static void byAdvice(OpenInode file) throws FsException {
    file.advise(0, PAGE, OpenInode.Advice.WILL_NEED);
  }

  @AfterEach
  void noMutantStays() {
    Mutant.activate();
  }

  /** Race (a), and (c) with advice: the block of F is freed and reused by G while F is filled. */
  private static RaceScenario punch(Guard guard, Fill fill, Predicate<String> violation) {
    return RaceScenario.of(
        SMALL.withGuard(guard),
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          OpenInode g = volume.file("/g");
          write(f, 0, page('S'));
          volume.volume().dropCaches();
          cast.client(
              "puncher",
              () -> {
                OpenInode.await(f.punchHole(0, PAGE));
                f.sync(true);
                write(g, 0, page('G'));
                g.sync(true);
              });
          cast.client("filler", () -> fill.fill(f));
          cast.check(() -> require(volume, f, 0, violation));
        });
  }

  private static void require(
      EngineFixture volume, OpenInode f, long at, Predicate<String> violation) throws Exception {
    String seen = runs(read(f, at, PAGE));
    Check.that(!violation.test(seen), "I15: a read after the punch saw %s", seen);
    if (volume.volume().guard() != Guard.NONE) {
      Check.that(seen.equals(PAGE + "*0"), "a hole reads as %s", seen);
      volume.requireSound();
    }
  }

  /**
   * Race (d1): the file is cut and grown again while a page of it is filled. A cached neighbour
   * keeps the leaf in its table, or the truncate would kill it and the fill begin again.
   */
  private static RaceScenario truncate(Guard guard) {
    return RaceScenario.of(
        SMALL.withGuard(guard),
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          write(f, 0, page('N'));
          write(f, PAGE, page('S'));
          volume.volume().dropCaches();
          read(f, 0, PAGE);
          cast.client(
              "truncater",
              () -> {
                OpenInode.await(f.truncate(PAGE));
                OpenInode.await(f.truncate(2L * PAGE));
              });
          cast.client("filler", () -> read(f, PAGE, PAGE));
          cast.check(() -> require(volume, f, PAGE, Stale.OWN::seen));
        });
  }

  private static void finds(TestReporter reporter, Explorer.Scenario scenario) {
    Explorer.Result result = Explorer.explore(PREEMPTIONS, scenario);
    assertThat(result.failure()).isPresent();
    SimulationFailure failure = result.failure().orElseThrow();
    assertThat(failure).hasMessageContaining("I15");
    reporter.publishEntry("found in schedule " + result.schedules(), "" + failure.schedule());
    // The printed schedule is the whole report: it shows the race again.
    SimScheduler again = new SimScheduler(0, new Strategy.Replay(failure.schedule()));
    scenario.prepare(again);
    assertThatThrownBy(again::run).hasMessageContaining("I15");
  }

  private static void neverFinds(TestReporter reporter, Explorer.Scenario scenario) {
    assertThat(neverFindsWithin(Long.MAX_VALUE, reporter, scenario)).isTrue();
  }

  /** Whether those were all schedules. */
  private static boolean neverFindsWithin(
      long schedulesMax, TestReporter reporter, Explorer.Scenario scenario) {
    Explorer.Result result = Explorer.explore(PREEMPTIONS, schedulesMax, scenario);
    assertThat(result.failure()).isEmpty();
    reporter.publishEntry("schedules", "" + result.schedules());
    return result.complete();
  }

  @Test
  void aReadThatRacesWithAPunchLeavesTheFilesOwnFreedBytesInTheCache(TestReporter reporter) {
    finds(reporter, punch(Guard.NONE, HolePunchRaceTest::byReading, Stale.OWN::seen));
  }

  @Test
  void aReadThatRacesWithAPunchLeavesAnotherFilesBytesInTheCache(TestReporter reporter) {
    finds(reporter, punch(Guard.NONE, HolePunchRaceTest::byReading, Stale.OTHERS::seen));
  }

  @Test
  void adviceThatRacesWithAPunchLeavesStaleBytesInTheCache(TestReporter reporter) {
    finds(reporter, punch(Guard.NONE, HolePunchRaceTest::byAdvice, Stale.OWN::seen));
    finds(reporter, punch(Guard.NONE, HolePunchRaceTest::byAdvice, Stale.OTHERS::seen));
  }

  @Test
  void underTheMappingLockNoReadRacesWithAPunch(TestReporter reporter) {
    neverFinds(
        reporter,
        punch(Guard.MAPPING_LOCK, HolePunchRaceTest::byReading, runs -> !runs.equals(PAGE + "*0")));
  }

  /** Advice enters by the same door as a read, of which every schedule is tried above. */
  @Test
  void underTheMappingLockNoAdviceRacesWithAPunch(TestReporter reporter) {
    neverFindsWithin(9_000, reporter, guardedAdvice());
  }

  @Test
  @Tag("deep")
  void underTheMappingLockNoAdviceRacesWithAPunchInAnySchedule(TestReporter reporter) {
    neverFinds(reporter, guardedAdvice());
  }

  private static Explorer.Scenario guardedAdvice() {
    return punch(
        Guard.MAPPING_LOCK, HolePunchRaceTest::byAdvice, runs -> !runs.equals(PAGE + "*0"));
  }

  @Test
  void underTheMappingLockNoFillSurvivesTruncateDownAndUp(TestReporter reporter) {
    neverFinds(reporter, truncate(Guard.MAPPING_LOCK));
  }

  /** Rule R1 where the page is a hole: its zeros reach to the size of the moment it was one. */
  @Test
  void aHoleIsNotReadPastTheSizeThatItHadWhenItWasOne(TestReporter reporter) {
    neverFinds(
        reporter,
        RaceScenario.of(
            SMALL,
            (volume, cast) -> {
              OpenInode f = volume.file("/f");
              OpenInode.await(f.truncate(100));
              cast.client("writer", () -> write(f, 100, bytes('B', PAGE - 100)));
              cast.client(
                  "reader",
                  () -> {
                    String seen = runs(read(f, 0, PAGE));
                    Check.that(seen.matches("100\\*0( 3996\\*B)?"), "R1: read %s", seen);
                  });
            }));
  }

  /**
   * Unlike Linux before the series, a fill here samples the size after its page is in the table and
   * then looks the block up, so (d1) needs no lock. Both halves: it holds without the guard, and
   * looking up before inserting brings the race back.
   */
  @Test
  void truncateDownAndUpIsSafeUnguardedOnlyBecauseTheFillLooksUpLast(TestReporter reporter) {
    neverFinds(reporter, truncate(Guard.NONE));
    Mutant.activate(Mutant.R7_LOOKUP_BEFORE_INSERT);
    finds(reporter, truncate(Guard.NONE));
  }
}
