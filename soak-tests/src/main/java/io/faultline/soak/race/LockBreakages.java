package io.faultline.soak.race;

import static io.faultline.soak.race.RaceVolume.PAGE;
import static io.faultline.soak.race.RaceVolume.page;
import static io.faultline.soak.race.RaceVolume.read;
import static io.faultline.soak.race.RaceVolume.runs;
import static io.faultline.soak.race.RaceVolume.write;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.lock.LockRank;
import io.faultline.engine.runtime.Invariant;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.StateChange;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import io.faultline.engine.runtime.sim.SimScheduler;
import io.faultline.engine.runtime.sim.TraceNote;
import io.faultline.engine.runtime.sim.TraceStep;
import io.faultline.engine.volume.OpenInode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Scenarios that show what one omitted step of the locks, or of their use, breaks. */
final class LockBreakages {
  private LockBreakages() {}

  /** A punch whose body may not need its own actor. */
  static Scenario ownActor(Omission omission) {
    return Breakages.alone(
        "punch by an actor",
        "failure",
        omission,
        (volume, f) -> {
          write(f, 0, page('A'));
          OpenInode.await(f.punchHole(0, PAGE));
          Expect.bytes("stale-read", f, 0, PAGE, PAGE + "*0");
        });
  }

  /** Two operations that name the same two directories in opposite orders. */
  static Scenario twoDirectories(Omission omission) {
    return Breakages.of(
        "rename out of a directory that is removed",
        "failure",
        omission,
        (volume, cast) -> {
          volume.live().names().mkdir("/d", 0755);
          volume.live().names().mkdir("/d/e", 0755);
          volume.file("/d/e/f");
          cast.client("rename", () -> volume.live().names().rename("/d/e/f", "/d/g"));
          cast.client(
              "rmdir",
              () -> {
                try {
                  volume.live().names().rmdir("/d/e");
                } catch (FsException e) {
                  if (e.errno() != Errno.ENOTEMPTY) {
                    throw e;
                  }
                }
              });
          cast.check(volume::requireSound);
        });
  }

  /** A punch waits for a fill: whoever comes later waits for the punch. */
  static Scenario fillsBesideWaitingPunch(Omission omission) {
    return Breakages.of(
        "fills beside a punch that waits",
        "starved",
        omission,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          for (int p = 0; p < 3; p++) {
            write(f, (long) p * PAGE, page('S'));
          }
          volume.live().dropCaches();
          f.advise(0, 3L * PAGE, OpenInode.Advice.RANDOM);
          cast.client(
              "slow",
              () -> {
                f.vnode().mapping().lock().lockShared(0, 1);
                Yield.at(YieldPoint.FILL_LOCKED, f.vnode().ino(), 0);
                f.vnode().mapping().lock().unlockShared(0, 1);
              });
          cast.client("punch", () -> OpenInode.await(f.punchHole(2 * PAGE, PAGE)));
          cast.client("later", () -> read(f, PAGE, PAGE));
          cast.check(() -> requireNobodyPasses(f.vnode().ino()));
        });
  }

  /** Between the moment an exclusive has queued and its grant nobody gets the lock shared. */
  private static void requireNobodyPasses(long ino) {
    boolean drains = false;
    for (TraceNote note : Objects.requireNonNull(SimScheduler.current()).traceNotes()) {
      if (note.ino() != ino || note.arg() != LockRank.MAPPING.position()) {
        continue;
      }
      switch (note.change()) {
        case LOCK_DRAINING -> drains = true;
        case LOCK_EXCLUSIVE -> drains = false;
        case LOCK_SHARED -> {
          if (drains) {
            throw new RaceViolation(
                "starved", ino, -1, note.task() + " goes first", "the punch that waits");
          }
        }
        default -> {
          // Nobody is let in.
        }
      }
    }
  }

  /** Three that want the I/O lock exclusive get it in the order in which they queued. */
  static Scenario threeExclusives(Omission omission) {
    return Breakages.of(
        "three exclusives of one file",
        "overtaken",
        omission,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          for (String name : List.of("one", "two", "three")) {
            cast.client(
                name,
                () -> {
                  f.vnode().ioLock().lockExclusive();
                  Yield.at(YieldPoint.SIZE_SET, f.vnode().ino(), 0);
                  f.vnode().ioLock().unlockExclusive();
                });
          }
          cast.check(() -> requireOrder(f.vnode().ino()));
        });
  }

  private static void requireOrder(long ino) {
    SimScheduler scheduler = Objects.requireNonNull(SimScheduler.current());
    Map<String, Long> queued = new HashMap<>();
    for (TraceStep step : scheduler.traceSteps()) {
      if (step.point() == YieldPoint.LOCK_WAIT && step.ino() == ino) {
        queued.putIfAbsent(step.task(), step.step());
      }
    }
    long newest = -1;
    for (TraceNote note : scheduler.traceNotes()) {
      Long since = queued.get(note.task());
      if (note.change() != StateChange.LOCK_EXCLUSIVE || note.ino() != ino || since == null) {
        continue;
      }
      if (since < newest) {
        throw new RaceViolation(
            "overtaken", ino, -1, note.task() + " was overtaken", "the order of the queue");
      }
      newest = since;
    }
  }

  /** Whoever reads the end of a file while it is collapsed sees it before or after. */
  static Scenario readBesideCollapse(Omission omission) {
    return Breakages.of(
        "read of the end beside a collapse",
        "half-shift",
        omission,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          write(f, 0, page('A'));
          write(f, PAGE, page('B'));
          write(f, 2 * PAGE, page('C'));
          volume.live().dropCaches();
          cast.client("collapse", () -> OpenInode.await(f.collapseRange(0, PAGE)));
          cast.client(
              "read",
              () -> {
                String seen = runs(read(f, 2 * PAGE, PAGE));
                if (!seen.isEmpty() && !seen.equals(PAGE + "*C")) {
                  throw new RaceViolation(
                      "half-shift", f.vnode().ino(), 2 * PAGE, seen, "nothing or 4096*C");
                }
              });
          cast.check(() -> Expect.bytes("stale-read", f, 0, 3 * PAGE, "4096*B 4096*C"));
        });
  }

  /** A page that is under writeback when its file is collapsed goes where it belongs. */
  static Scenario writebackBesideCollapse(Omission omission) {
    return Breakages.of(
        "writeback beside a collapse",
        "misplaced-write",
        omission,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          write(f, 0, page('A'));
          write(f, PAGE, page('B'));
          f.sync(true);
          write(f, 2 * PAGE, page('D'));
          cast.client("writeback", () -> f.advise(2 * PAGE, PAGE, OpenInode.Advice.DONT_NEED));
          cast.client("collapse", () -> OpenInode.await(f.collapseRange(0, PAGE)));
          cast.check(
              () -> {
                if (Mutant.I12_SHIFT_IN_TWO_STEPS.on() && !Invariant.silenced()) {
                  // The invariant is asked first, the user where its check is silent.
                  return;
                }
                f.sync(true);
                volume.live().dropCaches();
                Expect.bytes("misplaced-write", f, 0, 3 * PAGE, "4096*B 4096*D");
                volume.requireSound();
              });
        });
  }

  /** A block that a punch frees is another file's before a writeback of the old page ends. */
  static Scenario writebackBesidePunch(Omission omission) {
    return Breakages.of(
        "writeback beside a punch and a reuse",
        "foreign-write",
        omission,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          OpenInode g = volume.file("/g");
          write(f, 0, page('S'));
          f.sync(true);
          g.sync(true);
          write(f, 0, page('D'));
          cast.client("writeback", () -> f.advise(0, PAGE, OpenInode.Advice.DONT_NEED));
          cast.client("punch", () -> OpenInode.await(f.punchHole(0, PAGE)));
          cast.client(
              "other",
              () ->
                  volume
                      .runtime()
                      .quietly(
                          () -> {
                            volume.live().journal().commitAll();
                            write(g, 0, page('G'));
                            g.sync(true);
                          }));
          cast.check(
              () -> {
                volume.live().dropCaches();
                Expect.bytes("foreign-write", g, 0, PAGE, PAGE + "*G");
                volume.requireSound();
              });
        });
  }
}
