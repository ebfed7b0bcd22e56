package io.faultline.soak.race;

import static io.faultline.soak.race.RaceVolume.PAGE;
import static io.faultline.soak.race.RaceVolume.page;
import static io.faultline.soak.race.RaceVolume.read;
import static io.faultline.soak.race.RaceVolume.write;

import io.faultline.engine.lock.LockRank;
import io.faultline.engine.runtime.StateChange;
import io.faultline.engine.runtime.YieldPoint;
import io.faultline.engine.runtime.sim.SimScheduler;
import io.faultline.engine.runtime.sim.TraceNote;
import io.faultline.engine.runtime.sim.TraceStep;
import io.faultline.engine.volume.OpenInode;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Race (k4) is no violation but what fairness costs: a fill that would not hinder another one waits
 * all the same, because a punch has queued in between. Shown by order; how long it takes is
 * measured by {@code race price}.
 */
final class FairnessCost {
  private FairnessCost() {}

  /** Its check fails, with the kind {@code queued}, in those schedules in which that happens. */
  static Scenario scenario() {
    return new Scenario(
        "fill-behind-punch",
        "k4",
        "a fill holds the mapping lock shared, a punch waits for it, and a later fill of another"
            + " page queues behind the punch although it could share the lock: one slow fill"
            + " delays all",
        "none is wanted: fills that overtake a waiting punch would starve it (I11)",
        RaceSetup.SMALL,
        Omission.of(),
        "queued",
        "",
        true,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          for (int p = 0; p < 3; p++) {
            write(f, (long) p * PAGE, page('S'));
          }
          volume.live().dropCaches();
          f.advise(0, 3L * PAGE, OpenInode.Advice.RANDOM);
          cast.client("slow", () -> read(f, 0, PAGE));
          cast.client("punch", () -> OpenInode.await(f.punchHole(2 * PAGE, PAGE)));
          cast.client("later", () -> read(f, PAGE, PAGE));
          cast.check(() -> requireNobodyQueued(f.vnode().ino()));
        });
  }

  /** A run in which the later fill queues, under the guard; empty where there is no guard. */
  static Optional<RaceRun> shown(Scenario scenario) {
    return Laboratory.smallest(scenario, false, Laboratory.SCHEDULES_MAX)
        .failure()
        .map(failure -> Laboratory.replay(scenario, false, failure.schedule()));
  }

  private static void requireNobodyQueued(long ino) {
    SimScheduler scheduler = Objects.requireNonNull(SimScheduler.current());
    List<TraceNote> notes = scheduler.traceNotes();
    for (TraceNote drains : notes) {
      if (!ofLock(drains, StateChange.LOCK_DRAINING, ino)) {
        continue;
      }
      long granted =
          notes.stream()
              .filter(n -> ofLock(n, StateChange.LOCK_EXCLUSIVE, ino) && n.step() > drains.step())
              .mapToLong(TraceNote::step)
              .min()
              .orElse(Long.MAX_VALUE);
      for (TraceStep step : scheduler.traceSteps()) {
        if (step.task().equals("later")
            && step.point() == YieldPoint.LOCK_WAIT
            && step.step() > drains.step()
            && step.step() < granted) {
          throw new RaceViolation("queued", ino, PAGE, "a fill waits for a fill", "a shared lock");
        }
      }
    }
  }

  private static boolean ofLock(TraceNote note, StateChange change, long ino) {
    return note.change() == change
        && note.ino() == ino
        && note.arg() == LockRank.MAPPING.position();
  }
}
