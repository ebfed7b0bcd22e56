package io.faultline.engine.races;

import static io.faultline.engine.EngineFixture.PAGE;
import static io.faultline.engine.EngineFixture.Setup.SMALL;
import static io.faultline.engine.EngineFixture.page;
import static io.faultline.engine.EngineFixture.read;
import static io.faultline.engine.EngineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.lock.Guard;
import io.faultline.engine.lock.LockRank;
import io.faultline.engine.runtime.YieldPoint;
import io.faultline.engine.runtime.sim.SimScheduler;
import io.faultline.engine.runtime.sim.Strategy;
import io.faultline.engine.runtime.sim.TraceStep;
import io.faultline.engine.volume.OpenInode;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Goal: the guards differ by the acquisitions they make and by nothing else, or a comparison of
 * them would compare different engines. Method: the same seed under each; where nobody had to wait
 * for a lock that only one of them takes the yield points are equal one by one, and only there.
 */
@Tag("simulation")
class GuardTraceTest {
  private static final int SEEDS = 100;

  /** Where a lock leaves a trace: only where shared and exclusive meet. */
  private static final Set<YieldPoint> CONTENTION =
      EnumSet.of(
          YieldPoint.LOCK_BACKOUT,
          YieldPoint.LOCK_QUEUE,
          YieldPoint.LOCK_HAND_OVER,
          YieldPoint.LOCK_WAIT);

  private static RaceScenario everyPath(Guard guard, boolean destroyed) {
    return RaceScenario.of(
        SMALL.withGuard(guard),
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          write(f, 0, page('S'));
          write(f, 3 * PAGE, page('T'));
          volume.volume().dropCaches();
          if (destroyed) {
            cast.client("puncher", () -> OpenInode.await(f.punchHole(100, 2 * PAGE)));
          }
          cast.client("reader", () -> read(f, 0, 4 * PAGE));
          cast.client("writer", () -> write(f, PAGE, page('W')));
          cast.client("storer", () -> f.store(java.nio.ByteBuffer.wrap(page('V')), 3L * PAGE));
          cast.client("adviser", () -> f.advise(0, 4L * PAGE, OpenInode.Advice.WILL_NEED));
        });
  }

  private record Run(List<String> points, Set<LockRank> waited) {
    boolean waitedFor(LockRank rank) {
      return waited.contains(rank);
    }
  }

  /** The trace without step numbers; for which of the guards' locks anybody waited. */
  private static Run run(Guard guard, long seed) {
    return run(everyPath(guard, true), seed);
  }

  private static Run run(RaceScenario scenario, long seed) {
    SimScheduler scheduler = new SimScheduler(seed, new Strategy.Random());
    scenario.prepare(scheduler);
    scheduler.run();
    List<String> points = new ArrayList<>();
    Set<LockRank> waited = EnumSet.noneOf(LockRank.class);
    for (TraceStep step : scheduler.traceSteps()) {
      for (LockRank rank : List.of(LockRank.IO, LockRank.MAPPING)) {
        if (CONTENTION.contains(step.point()) && step.arg() == rank.position()) {
          waited.add(rank);
        }
      }
      points.add(step.task() + " " + step.point() + " " + step.ino() + " " + step.arg());
    }
    return new Run(points, waited);
  }

  @Test
  void theUnguardedEngineTakesTheSameStepsWhereverTheGuardMakesNobodyWait() {
    int same = 0;
    int parted = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      Run guarded = run(Guard.MAPPING_LOCK, seed);
      Run free = run(Guard.NONE, seed);
      assertThat(free.waitedFor(LockRank.MAPPING))
          .as("only a guard makes anybody wait, seed %s", seed)
          .isFalse();
      if (guarded.waitedFor(LockRank.MAPPING)) {
        assertThat(free.points()).as("seed %s", seed).isNotEqualTo(guarded.points());
        parted++;
      } else {
        assertThat(free.points()).as("seed %s", seed).isEqualTo(guarded.points());
        same++;
      }
    }
    // Both kinds occurred, or one half of this test said nothing.
    assertThat(same).isPositive();
    assertThat(parted).isPositive();
  }

  @Test
  void theRangeLockTakesTheSameStepsWhereNobodyWaitsAndMakesFewerWait() {
    int same = 0;
    int waits = 0;
    int waitsByRange = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      Run whole = run(Guard.MAPPING_LOCK, seed);
      Run ranged = run(Guard.RANGE_LOCK, seed);
      waits += whole.waitedFor(LockRank.MAPPING) ? 1 : 0;
      waitsByRange += ranged.waitedFor(LockRank.MAPPING) ? 1 : 0;
      if (!whole.waitedFor(LockRank.MAPPING)) {
        // Then nobody met anybody, so no window was cut either.
        assertThat(ranged.points()).as("seed %s", seed).isEqualTo(whole.points());
        same++;
      }
    }
    assertThat(same).isPositive();
    assertThat(waitsByRange).isPositive().isLessThan(waits);
  }

  @Test
  void readsUnderTheIoLockTakeTheSameStepsWhereNoReadMeetsADestroyer() {
    int parted = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      assertThat(run(everyPath(Guard.READS_UNDER_IO_LOCK, false), seed).points())
          .as("seed %s", seed)
          .isEqualTo(run(everyPath(Guard.MAPPING_LOCK, false), seed).points());
      Run without = run(Guard.MAPPING_LOCK, seed);
      Run with = run(Guard.READS_UNDER_IO_LOCK, seed);
      if (!with.points().equals(without.points())) {
        assertThat(with.waitedFor(LockRank.IO)).as("seed %s", seed).isTrue();
        parted++;
      }
    }
    assertThat(parted).isPositive();
  }
}
