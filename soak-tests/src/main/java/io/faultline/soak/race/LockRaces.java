package io.faultline.soak.race;

import io.faultline.engine.lock.Guard;
import io.faultline.engine.lock.LockCounters;
import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.MappingLock;
import io.faultline.engine.lock.WriteRangeLock;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import io.faultline.engine.runtime.sim.SimRuntime;
import java.util.List;

/** The locks alone: two clients on one lock of one inode, no volume around it. */
final class LockRaces {
  private static final long INO = 7;

  private LockRaces() {}

  static List<Scenario> all() {
    return List.of(
        new Scenario(
            "lock-back-out",
            "L1",
            "a fill meets a queued command and backs out of the reader count as the last one: the"
                + " command is woken by nobody, and the fill waits behind it",
            "whoever brings the readers to 0, back-outs included, hands over (rule R19)",
            staging(LockRaces::commandBeside),
            Omission.of(Mutant.R19_BACK_OUT_WITHOUT_HAND_OVER),
            "deadlock",
            "I11",
            false),
        new Scenario(
            "lock-queue",
            "L2",
            "a fill passes a command that is queued: fills that follow each other starve it",
            "a queued exclusive stops new shared requests (rule R19)",
            staging(LockRaces::commandBeside),
            Omission.of(Mutant.R19_SHARED_IGNORES_WANT),
            "invariant",
            "I11",
            false),
        new Scenario(
            "lock-phases",
            "L3",
            "commands hand the lock to each other while a fill waits: it is overtaken as often as"
                + " there are commands",
            "releasing the exclusive first grants all shared requests queued so far (rule R19)",
            staging(LockRaces::phases),
            Omission.of(Mutant.R19_EXCLUSIVE_BEFORE_SHARED),
            "invariant",
            "I11",
            false),
        new Scenario(
            "lock-write-range",
            "L4",
            "two writes share one page, the last of one and the first of the other: both are in it",
            "a write takes every page it touches, and waits for each earlier one it overlaps",
            staging(LockRaces::writeRanges),
            Omission.of(Mutant.WRITE_RANGE_ENDS_EARLY),
            "torn-write",
            "",
            false));
  }

  /** Makes the clients of one run around locks that are new in it. */
  private interface Script {
    void clients(Cast cast);
  }

  private static Staging staging(Script script) {
    Stage stage =
        new Stage() {
          @Override
          public void cast(Cast cast) {
            script.clients(cast);
          }

          @Override
          public void close() {}

          @Override
          public void abandon() {}
        };
    return new Staging() {
      @Override
      public Guard guard() {
        return Guard.MAPPING_LOCK;
      }

      @Override
      public Staging withGuard(Guard guard) {
        return this;
      }

      @Override
      public Stage stage(SimRuntime runtime) {
        return stage;
      }
    };
  }

  /** A mapping lock, who is inside, and what became of the commands. */
  private static final class Watched {
    private final MappingLock lock = new MappingLock(INO, new LockCounters());
    private int readers;
    private int writers;
    private int commandsAsked;
    private int commandsDone;

    void shared(YieldPoint inside) {
      lock.lockShared();
      readers++;
      alone();
      Yield.at(inside, INO, 0);
      alone();
      readers--;
      lock.unlockShared();
    }

    /** As an evictor does, who never waits. */
    void tryShared() {
      if (lock.tryLockShared()) {
        readers++;
        alone();
        Yield.at(YieldPoint.FILL_INSERTED, INO, 0);
        alone();
        readers--;
        lock.unlockShared();
      }
    }

    /** Asks as an actor does: the grant comes by a callback, which does the work at once. */
    void command() {
      commandsAsked++;
      lock.lockExclusiveAsync(
          () -> {
            LockOrder.adopt(lock.rank(), INO);
            inside();
          });
    }

    void inside() {
      writers++;
      alone();
      writers--;
      commandsDone++;
      lock.unlockExclusive();
    }

    private void alone() {
      if (writers > 1 || (writers == 1 && readers > 0)) {
        throw violation("not-exclusive", readers + " readers, " + writers + " writers", "1 writer");
      }
    }

    void rest() {
      if (commandsDone != commandsAsked) {
        throw violation(
            "lost-wake-up", commandsDone + " of " + commandsAsked + " commands", "all of them");
      }
      if (lock.heldExclusive() || lock.sharedHolders() != 0) {
        throw violation("left-behind", lock.toString(), "a free lock");
      }
    }
  }

  private static RaceViolation violation(String kind, String saw, String allowed) {
    return new RaceViolation(kind, INO, -1, saw, allowed);
  }

  /** A command is asked for while its own client still reads, and another one comes twice. */
  private static void commandBeside(Cast cast) {
    Watched watched = new Watched();
    cast.client(
        "command",
        () -> {
          watched.lock.lockShared();
          Yield.at(YieldPoint.FILL_LOCKED, INO, 0);
          watched.command();
          Yield.at(YieldPoint.FILL_MAPPED, INO, 0);
          watched.lock.unlockShared();
        });
    cast.client(
        "fill",
        () -> {
          watched.shared(YieldPoint.FILL_MAPPED);
          watched.tryShared();
        });
    cast.check(watched::rest);
  }

  private static void phases(Cast cast) {
    Watched watched = new Watched();
    cast.client(
        "command",
        () -> {
          watched.lock.lockExclusive();
          Yield.at(YieldPoint.DESTROY_LOCKED, INO, 0);
          watched.command();
          watched.command();
          Yield.at(YieldPoint.DESTROY_EVICTED, INO, 0);
          watched.commandsAsked++;
          watched.inside();
        });
    cast.client("fill", () -> watched.shared(YieldPoint.FILL_LOCKED));
    cast.check(watched::rest);
  }

  private static void writeRanges(Cast cast) {
    WriteRangeLock lock = new WriteRangeLock(INO);
    char[] halves = new char[6];
    cast.client("first", () -> write(lock, halves, 0, 2, 'A'));
    cast.client("second", () -> write(lock, halves, 1, 3, 'B'));
    cast.check(
        () -> {
          for (int page = 0; page < 3; page++) {
            if (halves[2 * page] != halves[2 * page + 1]) {
              throw new RaceViolation(
                  "torn-write",
                  INO,
                  (long) page * RaceVolume.PAGE,
                  "" + halves[2 * page] + halves[2 * page + 1],
                  "AA or BB");
            }
          }
        });
  }

  /** Puts {@code c} into both halves of each page of {@code [from, to)}, one after the other. */
  private static void write(WriteRangeLock lock, char[] halves, int from, int to, char c) {
    long handle = lock.lock(from, to);
    for (int half = 2 * from; half < 2 * to; half++) {
      Yield.at(YieldPoint.WRITE_COPIED, INO, half / 2);
      halves[half] = c;
    }
    Yield.at(YieldPoint.WRITE_DIRTIED, INO, to - 1L);
    lock.unlock(handle);
  }
}
