package io.faultline.engine.runtime.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Goal: a run that follows another one takes the same turns, and says truthfully where it cannot.
 * Method: two tasks of a few yield points; the second program differs by one step of one of them.
 */
@Tag("simulation")
class FollowTest {
  /** Steps of client b; those of client a are always the same. */
  private static void program(SimScheduler scheduler, SimScheduler.Body b) {
    scheduler.client(
        "a",
        () -> {
          Yield.at(YieldPoint.READ_MISS, 1, 0);
          Yield.at(YieldPoint.FILL_LOCKED, 1, 0);
          Yield.at(YieldPoint.FILL_INSERTED, 1, 0);
        });
    scheduler.client("b", b);
  }

  private static void plain() {
    Yield.at(YieldPoint.DESTROY_LOCKED, 1, 0);
    Yield.at(YieldPoint.DESTROY_EVICTED, 1, 0);
    Yield.at(YieldPoint.DESTROY_APPLIED, 1, 0);
  }

  private static SimScheduler reference(long seed) {
    SimScheduler scheduler = new SimScheduler(seed, new Strategy.Random()).keepTurns();
    program(scheduler, FollowTest::plain);
    scheduler.run();
    return scheduler;
  }

  private static SimScheduler follow(SimScheduler reference, SimScheduler.Body b) {
    SimScheduler scheduler = new SimScheduler(0, new Strategy.Follow(reference.turns()));
    program(scheduler, b);
    scheduler.run();
    return scheduler;
  }

  private static List<String> points(SimScheduler scheduler) {
    return scheduler.traceSteps().stream().map(s -> s.task() + " " + s.point()).toList();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void theSameProgramTakesTheSameTurnsToTheEnd(long seed) {
    SimScheduler reference = reference(seed);
    SimScheduler run = follow(reference, FollowTest::plain);
    assertThat(run.divergence()).isEmpty();
    assertThat(run.followed()).isEqualTo(reference.turns().size());
    assertThat(points(run)).isEqualTo(points(reference));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void aStepTheReferenceDoesNotHaveIsLetPass(long seed) {
    SimScheduler reference = reference(seed);
    SimScheduler run =
        follow(
            reference,
            () -> {
              Yield.at(YieldPoint.DESTROY_LOCKED, 1, 0);
              Yield.at(YieldPoint.LOCK_QUEUE, 1, 0);
              Yield.at(YieldPoint.DESTROY_EVICTED, 1, 0);
              Yield.at(YieldPoint.DESTROY_APPLIED, 1, 0);
            });
    assertThat(run.divergence()).isEmpty();
    assertThat(run.followed()).isEqualTo(reference.turns().size());
    assertThat(points(run).stream().filter(p -> !p.equals("b LOCK_QUEUE")).toList())
        .isEqualTo(points(reference));
  }

  @Test
  void aStepThatIsLeftOutIsAnotherWay() {
    SimScheduler run =
        follow(
            reference(1),
            () -> {
              Yield.at(YieldPoint.DESTROY_LOCKED, 1, 0);
              Yield.at(YieldPoint.DESTROY_APPLIED, 1, 0);
            });
    Divergence divergence = run.divergence().orElseThrow();
    assertThat(divergence.kind()).isEqualTo(Divergence.Kind.OTHERWISE);
    assertThat(divergence.wanted().end()).isEqualTo(YieldPoint.DESTROY_EVICTED);
    assertThat(divergence.at()).isEqualTo(YieldPoint.DESTROY_APPLIED);
  }

  @Test
  void aTaskThatReturnsEarlierIsAnotherWayWithoutAPoint() {
    SimScheduler run = follow(reference(1), () -> Yield.at(YieldPoint.DESTROY_LOCKED, 1, 0));
    Divergence divergence = run.divergence().orElseThrow();
    assertThat(divergence.kind()).isEqualTo(Divergence.Kind.OTHERWISE);
    assertThat(divergence.at()).isNull();
  }

  @Test
  void aTaskThatWaitsWhereTheReferenceGoesOnIsFoundWaiting() {
    CompletableFuture<Void> never = new CompletableFuture<>();
    SimScheduler scheduler = new SimScheduler(0, new Strategy.Follow(reference(1).turns()));
    program(
        scheduler,
        () -> {
          Yield.at(YieldPoint.DESTROY_LOCKED, 1, 0);
          Yield.at(YieldPoint.LOCK_WAIT, 1, 7);
          never.join();
          Yield.at(YieldPoint.DESTROY_EVICTED, 1, 0);
        });
    scheduler.schedule(1, () -> never.complete(null));
    scheduler.run();
    Divergence divergence = scheduler.divergence().orElseThrow();
    assertThat(divergence.kind()).isEqualTo(Divergence.Kind.WAITS);
    assertThat(divergence.at()).isEqualTo(YieldPoint.LOCK_WAIT);
    assertThat(divergence.arg()).isEqualTo(7);
    assertThat(divergence.wanted().end()).isEqualTo(YieldPoint.DESTROY_EVICTED);
  }

  @Test
  void aTaskThatDoesNotExistIsAbsent() {
    SimScheduler other = new SimScheduler(0, new Strategy.Follow(turnsOf("nobody")));
    other.client("a", () -> Yield.at(YieldPoint.READ_MISS, 1, 0));
    other.run();
    assertThat(other.divergence().orElseThrow().kind()).isEqualTo(Divergence.Kind.ABSENT);
  }

  private static List<Turn> turnsOf(String task) {
    return List.of(new Turn(task, YieldPoint.READ_MISS, 1, 0, 0));
  }
}
