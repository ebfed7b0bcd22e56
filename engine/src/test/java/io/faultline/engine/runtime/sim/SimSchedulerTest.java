package io.faultline.engine.runtime.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.lock.LockCounters;
import io.faultline.engine.lock.MappingLock;
import io.faultline.engine.lock.WriteRangeLock;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Goal: a run is a function of program, seed and strategy, and whatever could make it something
 * else fails it. Method: runs compared line by line, and one offender for each refusal.
 */
@Tag("simulation")
class SimSchedulerTest {
  private static SimScheduler random(long seed) {
    return new SimScheduler(seed, new Strategy.Random());
  }

  /** Clients, locks, forks and timers: a bit of everything a scheduler can get wrong. */
  private static void everything(SimScheduler scheduler) {
    SimRuntime runtime = new SimRuntime(scheduler);
    MappingLock lock = new MappingLock(1, new LockCounters());
    WriteRangeLock ranges = new WriteRangeLock(1);
    for (int i = 0; i < 3; i++) {
      long page = i;
      scheduler.client(
          "reader",
          () -> {
            for (int round = 0; round < 3; round++) {
              Yield.at(YieldPoint.READ_MISS, 1, page);
              lock.lockShared();
              Yield.at(YieldPoint.FILL_LOCKED, 1, page);
              lock.unlockShared();
            }
          });
    }
    scheduler.client(
        "puncher",
        () -> {
          CompletableFuture<String> reply = new CompletableFuture<>();
          runtime.schedule(1_000, () -> reply.complete("late"));
          lock.lockExclusive();
          Yield.at(YieldPoint.DESTROY_LOCKED, 1, 0);
          lock.unlockExclusive();
          assertThat(reply.join()).isEqualTo("late");
        });
    scheduler.client(
        "writer",
        () -> {
          CompletableFuture<Void> flushed = new CompletableFuture<>();
          runtime.forkPlatform(
              "flusher",
              () -> {
                Yield.at(YieldPoint.COMMIT_CLOSED);
                flushed.complete(null);
              });
          long handle = ranges.lock(0, 4);
          Yield.at(YieldPoint.WRITE_COPIED, 1, 0);
          ranges.unlock(handle);
          flushed.join();
        });
    scheduler.client(
        "writer",
        () -> {
          long handle = ranges.lock(2, 6);
          Yield.at(YieldPoint.WRITE_COPIED, 1, 2);
          ranges.unlock(handle);
        });
  }

  private static SimScheduler ranEverything(long seed, Strategy strategy) {
    SimScheduler scheduler = new SimScheduler(seed, strategy);
    everything(scheduler);
    scheduler.run();
    return scheduler;
  }

  @Test
  void theSameSeedGivesTheSameTraceAndOthersGiveOthers() {
    for (Strategy strategy : List.of(new Strategy.Random(), new Strategy.Priorities(3, 60))) {
      Map<String, Integer> seen = new HashMap<>();
      for (long seed = 0; seed < 200; seed++) {
        String first = ranEverything(seed, strategy).trace();
        assertThat(ranEverything(seed, strategy).trace()).as("seed %s", seed).isEqualTo(first);
        seen.merge(first, 1, Integer::sum);
      }
      long pairs = 200L * 199 / 2;
      long equalPairs = seen.values().stream().mapToLong(n -> n * (n - 1L) / 2).sum();
      assertThat(equalPairs).as("%s", strategy).isLessThanOrEqualTo(pairs * 5 / 100);
    }
  }

  @Test
  void aPrintedScheduleReplaysTheRun() {
    for (long seed = 0; seed < 50; seed++) {
      SimScheduler original = ranEverything(seed, new Strategy.Random());
      Schedule printed = Schedule.parse(original.schedule().toString());
      assertThat(ranEverything(99, new Strategy.Replay(printed)).trace())
          .isEqualTo(original.trace());
    }
  }

  @Test
  void schedulesAreWrittenShortAndRefusedWithTheirWrongPart() {
    assertThat(new Schedule(List.of(0, 0, 0, 2, 1, 1, 0, 0))).hasToString("0*3.2.1*2");
    assertThat(Schedule.parse("0*3.2.1*2").choices()).containsExactly(0, 0, 0, 2, 1, 1);
    assertThat(new Schedule(List.of(0, 0))).hasToString("-");
    assertThat(Schedule.parse("-").choices()).isEmpty();
    for (String wrong : List.of("", "1..2", "-1", "1*0", "x", "1*99999999999", "1*99999999")) {
      assertThatThrownBy(() -> Schedule.parse(wrong)).isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> ranEverything(0, new Strategy.Replay(Schedule.parse("77"))))
        .isInstanceOf(SimulationFailure.class)
        .hasMessageContaining("not a schedule of this program");
  }

  @Test
  void timersFireInOrderAndOnlyWhenNothingElseCanRun() {
    for (long seed = 0; seed < 20; seed++) {
      SimScheduler scheduler = random(seed);
      SimRuntime runtime = new SimRuntime(scheduler);
      List<String> log = new ArrayList<>();
      CompletableFuture<Void> last = new CompletableFuture<>();
      scheduler.client(
          "client",
          () -> {
            runtime.schedule(20, () -> log.add("b@" + runtime.nanoTime()));
            runtime.schedule(10, () -> log.add("a@" + runtime.nanoTime()));
            runtime.schedule(15, () -> log.add("cancelled")).cancel();
            runtime.schedule(30, () -> last.complete(null));
            for (int i = 0; i < 50; i++) {
              Yield.at(YieldPoint.READ_MISS);
              assertThat(log).isEmpty();
            }
            last.join();
            log.add("end@" + runtime.nanoTime());
          });
      long wallBefore = runtime.wallNanos();
      scheduler.run();
      assertThat(log).containsExactly("a@10", "b@20", "end@30");
      assertThat(runtime.wallNanos() - wallBefore).isEqualTo(30);
    }
  }

  @Test
  void aDeadlockNamesEveryTaskAndWhereItWaits() {
    MappingLock one = new MappingLock(1, new LockCounters());
    MappingLock two = new MappingLock(2, new LockCounters());
    SimScheduler scheduler = random(3);
    CompletableFuture<Void> never = new CompletableFuture<>();
    scheduler.client(
        "holder",
        () -> {
          one.lockExclusive();
          two.lockExclusive();
          never.join();
        });
    scheduler.client("victim", two::lockShared);
    assertThatThrownBy(scheduler::run)
        .isInstanceOf(SimulationFailure.class)
        .hasMessageContaining("deadlock")
        .hasMessageContaining("client 'holder'")
        .hasMessageContaining("CompletableFuture.join")
        .hasMessageContaining("client 'victim'")
        .hasMessageContaining("PhaseFairLock.park")
        .hasMessageContaining("schedule:");
  }

  @Test
  void workFromAForeignThreadFailsTheRun() {
    SimScheduler scheduler = random(1);
    scheduler.client(
        "client",
        () -> {
          Thread foreign =
              Thread.ofPlatform().name("intruder").start(() -> scheduler.fork("late", () -> {}));
          while (foreign.isAlive()) {
            Thread.onSpinWait();
          }
          Yield.at(YieldPoint.READ_MISS);
        });
    assertThatThrownBy(scheduler::run)
        .isInstanceOf(SimulationFailure.class)
        .hasMessageContaining("'late' was submitted by the foreign thread 'intruder'");
  }

  @Test
  void aParkWithATimeoutFailsTheRun() {
    SimScheduler scheduler = random(1);
    scheduler.client("client", () -> LockSupport.parkNanos(1_000_000_000_000L));
    assertThatThrownBy(scheduler::run)
        .isInstanceOf(SimulationFailure.class)
        .hasMessageContaining("timeout of the real clock");
  }

  @Test
  void whatATaskThrowsFailsTheRunWithItsName() {
    SimScheduler client = random(1);
    client.client(
        "client",
        () -> {
          throw new java.io.IOException("disk on fire");
        });
    assertThatThrownBy(client::run)
        .hasMessageContaining("'client' failed")
        .hasRootCauseMessage("disk on fire");

    SimScheduler fork = random(1);
    fork.client(
        "client",
        () -> {
          new SimRuntime(fork)
              .fork(
                  "committer",
                  () -> {
                    throw new IllegalStateException("torn");
                  });
          new CompletableFuture<Void>().join();
        });
    assertThatThrownBy(fork::run).hasMessageContaining("'committer' failed");

    SimScheduler check = random(1).client("client", () -> {});
    check.atEnd(
        () -> {
          throw new IllegalStateException("leak");
        });
    assertThatThrownBy(check::run).hasMessageContaining("end check failed");
  }

  @Test
  void aRunThatNeverEndsMeetsTheStepLimit() {
    SimScheduler scheduler = random(1).stepsMax(1_000);
    boolean[] stop = new boolean[1];
    scheduler.client(
        "spinner",
        () -> {
          while (!stop[0]) {
            Yield.at(YieldPoint.SPIN);
          }
        });
    assertThatThrownBy(scheduler::run).hasMessageContaining("no end after 1000 switches");
  }

  @Test
  void aWaitingPointLetsOthersGoFirstUnderTheDefaultSchedule() {
    SimScheduler scheduler = new SimScheduler(0, new Strategy.Replay(Schedule.parse("-")));
    boolean[] flag = new boolean[1];
    scheduler.stepsMax(1_000);
    scheduler.client(
        "spinner",
        () -> {
          while (!flag[0]) {
            Yield.at(YieldPoint.SPIN);
          }
        });
    scheduler.client("setter", () -> flag[0] = true);
    scheduler.run();
    assertThat(scheduler.steps()).isLessThan(5);
  }

  @Test
  void tasksLeftBehindAreUnwound() {
    Set<String> ended = new HashSet<>();
    SimScheduler scheduler = random(1);
    EngineRuntime runtime = new SimRuntime(scheduler);
    MappingLock lock = new MappingLock(1, new LockCounters());
    scheduler.client(
        "client",
        () -> {
          lock.lockExclusive();
          runtime.fork(
              "looper",
              () -> {
                try {
                  while (lock.heldExclusive()) {
                    Yield.at(YieldPoint.SPIN);
                  }
                } finally {
                  ended.add("looper");
                }
              });
          runtime.fork(
              "waiter",
              () -> {
                try {
                  lock.lockShared();
                } finally {
                  ended.add("waiter");
                }
              });
          for (int i = 0; i < 30; i++) {
            Yield.at(YieldPoint.SPIN);
          }
        });
    scheduler.run();
    assertThat(ended).containsExactlyInAnyOrder("looper", "waiter");
    assertThat(SimScheduler.current()).isNull();
  }

  @Test
  void theExplorerFindsALostUpdateWithOnePreemptionAndNoneWithout() {
    Explorer.Scenario lostUpdate =
        scheduler -> {
          int[] counter = new int[1];
          for (int i = 0; i < 2; i++) {
            scheduler.client(
                "adder",
                () -> {
                  int seen = counter[0];
                  Yield.at(YieldPoint.READ_COPY);
                  counter[0] = seen + 1;
                });
          }
          scheduler.atEnd(() -> assertThat(counter[0]).isEqualTo(2));
        };
    Explorer.Result none = Explorer.explore(0, lostUpdate);
    assertThat(none.failure()).isEmpty();
    assertThat(none.complete()).isTrue();
    assertThat(none.schedules()).isEqualTo(2);
    assertThat(Explorer.explore(1, lostUpdate).failure()).isPresent();
  }

  @Test
  void theExplorerMakesEveryInterleavingOnceWhenTheBoundAllows() {
    Set<String> traces = new HashSet<>();
    Explorer.Result result =
        Explorer.explore(
            100,
            scheduler -> {
              for (String name : List.of("a", "b")) {
                scheduler.client(
                    name,
                    () -> {
                      Yield.at(YieldPoint.READ_MISS);
                      Yield.at(YieldPoint.FILL_LOCKED);
                      Yield.at(YieldPoint.FILL_INSERTED);
                    });
              }
              scheduler.atEnd(() -> traces.add(scheduler.schedule().toString()));
            });
    // Two tasks of four segments each: 8 over 4 interleavings.
    assertThat(result.schedules()).isEqualTo(70);
    assertThat(traces).hasSize(70);
  }
}
