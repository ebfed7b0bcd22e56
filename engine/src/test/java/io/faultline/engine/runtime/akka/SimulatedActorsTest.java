package io.faultline.engine.runtime.akka;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import io.faultline.engine.lock.LockCounters;
import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockRank;
import io.faultline.engine.lock.MappingLock;
import io.faultline.engine.runtime.Check;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import io.faultline.engine.runtime.sim.SimRuntime;
import io.faultline.engine.runtime.sim.SimScheduler;
import io.faultline.engine.runtime.sim.Strategy;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Goal: one actor system serves many schedules, under the scheduler and nothing else, and does not
 * make them depend on each other. Method: 1,000 seeds against actors that answer, stash time in
 * virtual timers and drive the mapping lock; each run twice, compared.
 */
@Tag("simulation")
class SimulatedActorsTest {
  private sealed interface Command {}

  private record NewCounter(CompletableFuture<ActorRef<Command>> reply) implements Command {}

  private record Add(int amount, CompletableFuture<Integer> reply) implements Command {}

  private record AddLater(Duration delay, CompletableFuture<Integer> reply) implements Command {}

  private record Punch(
      MappingLock lock, AtomicInteger readers, SimRuntime runtime, CompletableFuture<String> reply)
      implements Command {}

  private record Stop() implements Command {}

  private static ActorSystem<Command> system;

  @BeforeAll
  static void startTheSystem() {
    system = EngineActorSystems.create("simulated", guardian());
  }

  @AfterAll
  static void stopTheSystem() {
    EngineActorSystems.terminate(system);
  }

  private static Behavior<Command> guardian() {
    return Behaviors.receive(
        (context, command) -> {
          if (command instanceof NewCounter wanted) {
            wanted.reply.complete(context.spawnAnonymous(counter(0)));
          }
          return Behaviors.same();
        });
  }

  private static Behavior<Command> counter(int value) {
    return Behaviors.withTimers(
        timers ->
            Behaviors.receiveMessage(
                command ->
                    switch (command) {
                      case Add add -> {
                        Yield.at(YieldPoint.COMMIT_CLOSED);
                        add.reply.complete(value + add.amount);
                        yield counter(value + add.amount);
                      }
                      case AddLater later -> {
                        timers.startSingleTimer(new Add(1, later.reply), later.delay);
                        yield Behaviors.same();
                      }
                      case Punch punch -> {
                        punch(punch);
                        yield Behaviors.same();
                      }
                      case NewCounter ignored -> Behaviors.unhandled();
                      case Stop ignored -> Behaviors.stopped();
                    }));
  }

  /** An actor turn asks and goes on; the body runs as a task when the lock is granted. */
  private static void punch(Punch punch) {
    punch.lock.lockExclusiveAsync(
        () ->
            punch.runtime.fork(
                "punch",
                () -> {
                  LockOrder.adopt(LockRank.MAPPING, punch.lock.ino());
                  Yield.at(YieldPoint.DESTROY_LOCKED, punch.lock.ino(), 0);
                  Check.that(punch.readers.get() == 0, "a fill runs beside a destroyer");
                  punch.lock.unlockExclusive();
                  punch.reply.complete("done");
                }));
  }

  private static SimScheduler run(long seed) {
    SimScheduler scheduler = new SimScheduler(seed, new Strategy.Random());
    SimRuntime runtime = new SimRuntime(scheduler);
    MappingLock lock = new MappingLock(7, new LockCounters());
    CompletableFuture<ActorRef<Command>> counter = new CompletableFuture<>();
    int[] largest = new int[1];
    AtomicInteger readers = new AtomicInteger();
    scheduler.client("opener", () -> system.tell(new NewCounter(counter)));
    for (int i = 0; i < 3; i++) {
      scheduler.client(
          "adder",
          () -> {
            for (int round = 0; round < 3; round++) {
              CompletableFuture<Integer> reply = new CompletableFuture<>();
              Yield.at(YieldPoint.READ_MISS);
              counter.join().tell(new Add(1, reply));
              largest[0] = Math.max(largest[0], reply.join());
            }
          });
    }
    scheduler.client(
        "later",
        () -> {
          CompletableFuture<Integer> reply = new CompletableFuture<>();
          counter.join().tell(new AddLater(Duration.ofHours(1), reply));
          largest[0] = Math.max(largest[0], reply.join());
          assertThat(runtime.nanoTime()).isEqualTo(Duration.ofHours(1).toNanos());
        });
    scheduler.client(
        "puncher",
        () -> {
          CompletableFuture<String> reply = new CompletableFuture<>();
          counter.join().tell(new Punch(lock, readers, runtime, reply));
          assertThat(reply.join()).isEqualTo("done");
        });
    scheduler.client(
        "reader",
        () -> {
          for (int round = 0; round < 3; round++) {
            lock.lockShared();
            readers.incrementAndGet();
            Yield.at(YieldPoint.FILL_LOCKED, 7, round);
            readers.decrementAndGet();
            Check.that(!lock.heldExclusive(), "a destroyer runs beside a fill");
            lock.unlockShared();
          }
        });
    scheduler.atEnd(
        () -> {
          assertThat(largest[0]).isEqualTo(10);
          counter.join().tell(new Stop());
        });
    scheduler.run();
    return scheduler;
  }

  @Test
  void anActorAnswersClientsUnderAThousandSchedules() {
    Set<String> traces = new HashSet<>();
    for (long seed = 0; seed < 1_000; seed++) {
      SimScheduler first = run(seed);
      traces.add(first.trace());
      if (seed % 5 == 0) {
        // 999 other runs lie between the two in the life of the system, or none: it must not
        // matter.
        assertThat(run(seed).trace()).as("seed %s", seed).isEqualTo(first.trace());
      }
    }
    assertThat(traces).hasSizeGreaterThan(990);
    assertThat(run(0).trace()).isEqualTo(run(0).trace());
  }

  @Test
  void aScheduleWithActorsReplays() {
    SimScheduler original = run(4_711);
    SimScheduler again = run(4_711);
    assertThat(again.schedule()).isEqualTo(original.schedule());
    assertThat(original.trace()).contains("actor").contains("punch").contains("DESTROY_LOCKED");
  }
}
