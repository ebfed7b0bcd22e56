package io.faultline.engine.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.runtime.Check;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import io.faultline.engine.runtime.sim.Explorer;
import io.faultline.engine.runtime.sim.Schedule;
import io.faultline.engine.runtime.sim.SimScheduler;
import io.faultline.engine.runtime.sim.SimulationFailure;
import io.faultline.engine.runtime.sim.Strategy;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Goal: the phase-fair lock excludes, loses no wake-up and starves nobody. Method: every schedule
 * with at most two preemptions for small crowds, seeded schedules for the fairness bounds; each
 * mutant of the lock dies in at least one of these tests.
 */
@Tag("simulation")
class PhaseFairLockSimulationTest {
  private static final int PREEMPTIONS = 2;

  @AfterEach
  void noMutantSurvivesItsTest() {
    LockMutant.use(LockMutant.NONE);
  }

  /** One lock with the exclusion oracle around it; used by one task at a time. */
  private static final class Guarded {
    final MappingLock lock = new MappingLock(7, new LockCounters());
    int readers;
    int writers;
    long exclusiveSections;
    long sharedSections;

    void shared() {
      lock.lockShared();
      insideShared();
    }

    void tryShared() {
      if (lock.tryLockShared()) {
        insideShared();
      }
    }

    private void insideShared() {
      readers++;
      Check.that(writers == 0, "a reader entered beside %s writers", writers);
      Yield.at(YieldPoint.FILL_LOCKED, 7, 0);
      Check.that(writers == 0 && lock.sharedHolders() > 0, "a writer entered beside a reader");
      sharedSections++;
      readers--;
      lock.unlockShared();
    }

    void exclusive() {
      lock.lockExclusive();
      insideExclusive();
    }

    /** Grant and use on different threads, as an actor does it. */
    void exclusiveAsync() {
      Thread self = Thread.currentThread();
      boolean[] granted = new boolean[1];
      lock.lockExclusiveAsync(
          () -> {
            Check.that(!granted[0], "granted twice");
            granted[0] = true;
            LockSupport.unpark(self);
          });
      while (!granted[0]) {
        LockSupport.park();
      }
      LockOrder.adopt(LockRank.MAPPING, 7);
      insideExclusive();
    }

    void tryExclusive() {
      if (lock.tryLockExclusive()) {
        insideExclusive();
      }
    }

    private void insideExclusive() {
      writers++;
      Check.that(readers == 0 && writers == 1, "%s readers, %s writers", readers, writers);
      LockOrder.assertHeldExclusive(lock, "the test");
      Yield.at(YieldPoint.DESTROY_LOCKED, 7, 0);
      Check.that(readers == 0 && writers == 1, "%s readers, %s writers", readers, writers);
      exclusiveSections++;
      writers--;
      lock.unlockExclusive();
    }

    void free() {
      Check.that(!lock.heldExclusive() && lock.sharedHolders() == 0, "left behind: %s", lock);
      Check.that(lock.tryLockExclusive(), "not free: %s", lock);
      lock.unlockExclusive();
    }
  }

  private static Explorer.Result exploreAll(Explorer.Scenario scenario) {
    Explorer.Result result = Explorer.explore(PREEMPTIONS, 400_000, scenario);
    result
        .failure()
        .ifPresent(
            failure -> {
              throw failure;
            });
    assertThat(result.complete()).isTrue();
    assertThat(result.schedules()).isGreaterThan(100);
    return result;
  }

  @Test
  void twoSharedAndOneExclusiveUnderEverySchedule() {
    exploreAll(PhaseFairLockSimulationTest::twoSharedOneExclusive);
  }

  private static void twoSharedOneExclusive(SimScheduler scheduler) {
    Guarded guarded = new Guarded();
    scheduler
        .client("s1", guarded::shared)
        .client("s2", guarded::shared)
        .client("x1", guarded::exclusive)
        .atEnd(
            () -> {
              guarded.free();
              Check.that(guarded.sharedSections == 2 && guarded.exclusiveSections == 1, "lost");
            });
  }

  @Test
  void twoExclusivesAndOneSharedUnderEverySchedule() {
    exploreAll(
        scheduler -> {
          Guarded guarded = new Guarded();
          scheduler
              .client("x1", guarded::exclusive)
              .client("x2", guarded::exclusiveAsync)
              .client("s1", guarded::shared)
              .atEnd(
                  () -> {
                    guarded.free();
                    Check.that(
                        guarded.sharedSections == 1 && guarded.exclusiveSections == 2, "lost");
                  });
        });
  }

  @Test
  void triesThatBackOutLoseNoHandOverUnderAnySchedule() {
    exploreAll(
        scheduler -> {
          Guarded guarded = new Guarded();
          scheduler
              .client("s1", guarded::shared)
              .client("t1", guarded::tryShared)
              .client("x1", guarded::exclusiveAsync)
              .client("x2", guarded::tryExclusive)
              .atEnd(guarded::free);
        });
  }

  @Test
  void explorationFindsTheBackOutThatDoesNotHandOver() {
    LockMutant.use(LockMutant.BACK_OUT_WITHOUT_HAND_OVER);
    Explorer.Result result =
        Explorer.explore(PREEMPTIONS, PhaseFairLockSimulationTest::twoSharedOneExclusive);
    assertThat(result.failure()).isPresent();
    SimulationFailure failure = result.failure().orElseThrow();
    assertThat(failure).hasMessageContaining("deadlock").hasMessageContaining("client 'x1'");

    // The printed schedule is the whole bug report: it fails again, and not without the mutant.
    assertThat(replayFails(failure)).isTrue();
    LockMutant.use(LockMutant.NONE);
    assertThat(replayFails(failure)).isFalse();
  }

  private static boolean replayFails(SimulationFailure failure) {
    SimScheduler again = new SimScheduler(0, new Strategy.Replay(failure.schedule()));
    twoSharedOneExclusive(again);
    try {
      again.run();
      return false;
    } catch (SimulationFailure found) {
      return String.valueOf(found.getMessage()).contains("deadlock");
    }
  }

  /** Readers that overlap for ever: one enters before the other leaves. */
  private static boolean exclusiveGetsIn(long seed) {
    Guarded guarded = new Guarded();
    boolean[] done = new boolean[1];
    SimScheduler scheduler = new SimScheduler(seed, new Strategy.Random());
    for (int i = 0; i < 2; i++) {
      scheduler.client(
          "reader",
          () -> {
            guarded.lock.lockShared();
            for (int round = 0; round < 400 && !done[0]; round++) {
              guarded.lock.unlockShared();
              guarded.lock.lockShared();
              Yield.at(YieldPoint.FILL_LOCKED);
              Yield.at(YieldPoint.FILL_INSERTED);
              Yield.at(YieldPoint.FILL_MAPPED);
            }
            guarded.lock.unlockShared();
            Check.that(done[0], "readers ran %s rounds before one exclusive", 400);
          });
    }
    scheduler.client(
        "writer",
        () -> {
          guarded.lock.lockExclusive();
          done[0] = true;
          guarded.lock.unlockExclusive();
        });
    return succeeds(scheduler);
  }

  /** Exclusives that follow each other for ever: each asks before the one before it releases. */
  private static boolean sharedGetsIn(long seed) {
    Guarded guarded = new Guarded();
    boolean[] done = new boolean[1];
    SimScheduler scheduler = new SimScheduler(seed, new Strategy.Random());
    for (int i = 0; i < 3; i++) {
      scheduler.client(
          "writer",
          () -> {
            int round = 0;
            for (; round < 400 && !done[0]; round++) {
              guarded.lock.lockExclusive();
              Yield.at(YieldPoint.DESTROY_LOCKED);
              Yield.at(YieldPoint.DESTROY_EVICTED);
              guarded.lock.unlockExclusive();
            }
            Check.that(done[0], "a writer ran %s rounds before one shared", round);
          });
    }
    scheduler.client(
        "reader",
        () -> {
          guarded.lock.lockShared();
          done[0] = true;
          guarded.lock.unlockShared();
        });
    return succeeds(scheduler);
  }

  private static boolean succeeds(SimScheduler scheduler) {
    try {
      scheduler.run();
      return true;
    } catch (SimulationFailure failure) {
      // Nobody got in, or the check of progress saw somebody being passed.
      assertThat(failure).hasMessageMatching("(?s).*(rounds before one|I11 ).*");
      return false;
    }
  }

  @Test
  void anEndlessStreamOfReadersDoesNotStarveAnExclusive() {
    for (long seed = 0; seed < 50; seed++) {
      assertThat(exclusiveGetsIn(seed)).as("seed %s", seed).isTrue();
    }
    LockMutant.use(LockMutant.SHARED_IGNORES_WANT);
    int starved = 0;
    for (long seed = 0; seed < 50; seed++) {
      starved += exclusiveGetsIn(seed) ? 0 : 1;
    }
    assertThat(starved).isPositive();
  }

  @Test
  void anEndlessStreamOfExclusivesDoesNotStarveAReader() {
    for (long seed = 0; seed < 50; seed++) {
      assertThat(sharedGetsIn(seed)).as("seed %s", seed).isTrue();
    }
    LockMutant.use(LockMutant.EXCLUSIVE_BEFORE_SHARED);
    int starved = 0;
    for (long seed = 0; seed < 50; seed++) {
      starved += sharedGetsIn(seed) ? 0 : 1;
    }
    assertThat(starved).isPositive();
  }

  /** Exclusives granted while a queued reader waits: the holder it met, and no other. */
  private static long exclusivesThatPassAQueuedReader() {
    MappingLock lock = new MappingLock(7, new LockCounters());
    LockCounters others = new LockCounters();
    SimScheduler scheduler = new SimScheduler(0, new Strategy.Replay(Schedule.parse("-")));
    long[] passed = new long[1];
    scheduler.client(
        "holder",
        () -> {
          lock.lockExclusive();
          scheduler.client(
              "reader",
              () -> {
                lock.lockShared();
                passed[0] = others.exclusiveAcquired.sum();
                lock.unlockShared();
              });
          for (int i = 0; i < 3; i++) {
            scheduler.client(
                "writer",
                () -> {
                  lock.lockExclusive();
                  others.exclusiveAcquired.increment();
                  lock.unlockExclusive();
                });
          }
          // A wait: everybody else runs until he is queued, the reader first.
          for (int i = 0; i < 20; i++) {
            Yield.at(YieldPoint.SPIN);
          }
          lock.unlockExclusive();
        });
    scheduler.run();
    return passed[0];
  }

  @Test
  void aQueuedSharedWaitsForAtMostOneExclusivePhase() {
    assertThat(exclusivesThatPassAQueuedReader()).isZero();
    LockMutant.use(LockMutant.EXCLUSIVE_BEFORE_SHARED);
    assertThatThrownBy(PhaseFairLockSimulationTest::exclusivesThatPassAQueuedReader)
        .isInstanceOf(SimulationFailure.class)
        .hasMessageContaining("I11 ")
        .hasMessageContaining("a shared request was overtaken by 3 exclusives");
  }

  @Test
  void aLongQueueOfGrantsThatReleaseAtOnceDoesNotRecurse() {
    MappingLock lock = new MappingLock(7, new LockCounters());
    int[] granted = new int[1];
    lock.lockExclusive();
    for (int i = 0; i < 100_000; i++) {
      lock.lockExclusiveAsync(
          () -> {
            granted[0]++;
            LockOrder.adopt(LockRank.MAPPING, 7);
            lock.unlockExclusive();
          });
    }
    assertThat(granted[0]).isZero();
    lock.unlockExclusive();
    assertThat(granted[0]).isEqualTo(100_000);
    assertThat(lock.tryLockExclusive()).isTrue();
    lock.unlockExclusive();
  }

  @Test
  void anActorTurnThatWouldWaitFailsTheRunInsteadOfHangingIt() {
    MappingLock lock = new MappingLock(7, new LockCounters());
    SimScheduler scheduler = new SimScheduler(1, new Strategy.Random());
    RuntimeException[] seen = new RuntimeException[1];
    scheduler.client(
        "holder",
        () -> {
          lock.lockExclusive();
          scheduler
              .akkaExecutor()
              .execute(
                  () -> {
                    try {
                      lock.lockShared();
                    } catch (RuntimeException refused) {
                      seen[0] = refused;
                    }
                  });
          Yield.at(YieldPoint.DESTROY_LOCKED);
        });
    scheduler.run();
    assertThat(seen[0]).hasMessageContaining("would wait at LOCK_WAIT");
  }
}
