package io.faultline.soak.race;

import static io.faultline.soak.race.RaceVolume.PAGE;
import static io.faultline.soak.race.RaceVolume.bytes;
import static io.faultline.soak.race.RaceVolume.page;
import static io.faultline.soak.race.RaceVolume.read;
import static io.faultline.soak.race.RaceVolume.runs;
import static io.faultline.soak.race.RaceVolume.write;

import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.device.DeviceCapabilities;
import io.faultline.engine.device.Io;
import io.faultline.engine.device.MemoryDevice;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.volume.OpenInode;
import java.io.IOException;
import java.util.List;

/** Scenarios that are no race of the series but show what one omitted step breaks. */
final class Breakages {
  private Breakages() {}

  static Scenario of(String name, String kind, Omission omission, Scenario.Script script) {
    return new Scenario(name, "", "", "", RaceSetup.SMALL, omission, kind, "", false, script);
  }

  static Scenario alone(String name, String kind, Omission omission, Step step) {
    return of(
        name,
        kind,
        omission,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          cast.client("client", () -> step.run(volume, f));
        });
  }

  interface Step {
    void run(RaceVolume volume, OpenInode file) throws Exception;
  }

  /** Punch finds the page in the cache. */
  static Scenario cachedPunch(Omission omission) {
    return alone(
        "punch of a cached page",
        "stale-read",
        omission,
        (volume, f) -> {
          write(f, 0, page('S'));
          f.sync(true);
          read(f, 0, PAGE);
          OpenInode.await(f.punchHole(0, PAGE));
          Expect.bytes("stale-read", f, 0, PAGE, PAGE + "*0");
          volume.requireSound();
        });
  }

  /** A punch of a part of a page that is dirty. */
  static Scenario partialPunch(Omission omission) {
    return alone(
        "punch of a part of a dirty page",
        "wrong-bytes",
        omission,
        (volume, f) -> {
          write(f, 0, page('A'));
          OpenInode.await(f.punchHole(100, 200));
          if (f.size() != PAGE) {
            throw new RaceViolation("wrong-size", f.vnode().ino(), 0, "" + f.size(), "" + PAGE);
          }
          Expect.bytes("wrong-bytes", f, 0, PAGE, "100*A 200*0 3796*A");
          volume.requireSound();
        });
  }

  /** Cut and grown again, with the cache empty in between. */
  static Scenario cutAndGrow(Omission omission, long to) {
    return alone(
        "truncate down to " + to + ", drop caches, truncate up",
        "stale-read",
        omission,
        (volume, f) -> {
          write(f, 0, bytes('A', 2 * PAGE));
          f.sync(true);
          OpenInode.await(f.truncate(to));
          if (to % PAGE != 0) {
            volume.live().dropCaches();
          }
          OpenInode.await(f.truncate(2L * PAGE));
          Expect.bytes("stale-read", f, 0, 2 * PAGE, to + "*A " + (2 * PAGE - to) + "*0");
          volume.requireSound();
        });
  }

  /** A dirty page is dropped by a punch: its reservation goes too. */
  static Scenario reservation(Omission omission) {
    return alone(
        "punch of a page that waits for its block",
        "lost-space",
        omission,
        (volume, f) -> {
          long before = volume.live().availableBlocks();
          write(f, 0, page('A'));
          OpenInode.await(f.punchHole(0, PAGE));
          volume.live().sync();
          long after = volume.live().availableBlocks();
          if (after != before) {
            throw new RaceViolation("lost-space", f.vnode().ino(), 0, "" + after, "" + before);
          }
          volume.requireSound();
        });
  }

  /** A block that a punch has freed can be had again. */
  static Scenario freedBlock(Omission omission) {
    return alone(
        "punch, then two commits",
        "lost-space",
        omission,
        (volume, f) -> {
          long before = volume.live().freeBlocks();
          write(f, 0, page('A'));
          f.sync(true);
          OpenInode.await(f.punchHole(0, PAGE));
          volume.live().sync();
          write(f, PAGE, page('B'));
          volume.live().sync();
          long after = volume.live().freeBlocks();
          if (after != before - 1) {
            throw new RaceViolation(
                "lost-space", f.vnode().ino(), 0, "" + after, "" + (before - 1));
          }
          volume.requireSound();
        });
  }

  /** Whatever cleans up, unwritten bytes stay. */
  static Scenario cleanUp(Omission omission) {
    return alone(
        "clean-up beside a dirty page",
        "lost-write",
        omission,
        (volume, f) -> {
          write(f, 0, page('A'));
          // The first pass takes the page's second chance.
          volume.live().cache().dropClean();
          volume.live().cache().dropClean();
          Expect.bytes("lost-write", f, 0, PAGE, PAGE + "*A");
        });
  }

  /** A refused command leaves no lock behind. */
  static Scenario refusal(Omission omission) {
    return alone(
        "a refused command, then another one",
        "failure",
        omission,
        (volume, f) -> {
          write(f, 0, page('A'));
          try {
            OpenInode.await(f.collapseRange(0, PAGE));
          } catch (FsException refused) {
            if (refused.errno() != Errno.EINVAL) {
              throw refused;
            }
          }
          OpenInode.await(f.punchHole(0, PAGE));
        });
  }

  /** A reader beside an append sees the old end or the bytes. */
  static Scenario appendBesideRead(Omission omission) {
    return of(
        "append beside a read",
        "unwritten-read",
        omission,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          cast.client("append", () -> write(f, 0, page('A')));
          cast.client(
              "read",
              () -> {
                String seen = runs(read(f, 0, PAGE));
                if (!seen.isEmpty() && !seen.equals(PAGE + "*A")) {
                  throw new RaceViolation(
                      "unwritten-read", f.vnode().ino(), 0, seen, "nothing or 4096*A");
                }
              });
        });
  }

  /** Advice meets a read that fails; the reader behind it must not see what was not read. */
  static Scenario failedAdvice(Omission omission) {
    FailingIo[] device = new FailingIo[1];
    return new Scenario(
        "advice whose read fails",
        "",
        "",
        "",
        RaceSetup.SMALL.onDevice(
            (runtime, sizeBytes) -> {
              device[0] = new FailingIo(new MemoryDevice(sizeBytes), Io.Op.READ);
              return device[0];
            }),
        omission,
        "wrong-bytes",
        "",
        false,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          FailingIo failing = device[0];
          // Several, so that no frame can still hold by chance what the read should have brought.
          for (int p = 0; p < 4; p++) {
            write(f, (long) p * PAGE, page((char) ('A' + p)));
          }
          volume.live().dropCaches();
          cast.client(
              "client",
              () -> {
                failing.armed = true;
                f.advise(PAGE, PAGE, OpenInode.Advice.WILL_NEED);
                failing.armed = false;
                Expect.bytes("wrong-bytes", f, PAGE, PAGE, PAGE + "*B");
              });
        });
  }

  /** Data is lost in the background; the next fsync says so, once (errseq). */
  static Scenario earlierError(Omission omission) {
    FailingIo[] device = new FailingIo[1];
    return new Scenario(
        "fsync after a writeback that failed",
        "",
        "",
        "",
        RaceSetup.SMALL.onDevice(
            (runtime, sizeBytes) -> {
              device[0] = new FailingIo(new MemoryDevice(sizeBytes), Io.Op.WRITE);
              return device[0];
            }),
        omission,
        "lost-write",
        "",
        false,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          FailingIo failing = device[0];
          cast.client(
              "client",
              () -> {
                write(f, 0, page('A'));
                failing.armed = true;
                f.advise(0, PAGE, OpenInode.Advice.DONT_NEED);
                failing.armed = false;
                try {
                  f.sync(true);
                } catch (FsException told) {
                  if (told.errno() == Errno.EIO) {
                    return;
                  }
                  throw told;
                }
                throw new RaceViolation(
                    "lost-write", f.vnode().ino(), 0, "fsync returns", "fsync fails with EIO");
              });
        });
  }

  /** Two readers of a page that is not cached: neither sees it before the device has read it. */
  static Scenario coldReaders(Omission omission) {
    return of(
        "two readers of a cold page",
        "wrong-bytes",
        omission,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          // Several, so that no frame can still hold by chance what the read should have brought.
          for (int p = 0; p < 4; p++) {
            write(f, (long) p * PAGE, page((char) ('A' + p)));
          }
          volume.live().dropCaches();
          for (String name : List.of("first", "second")) {
            cast.client(name, () -> Expect.bytes("wrong-bytes", f, PAGE, PAGE, PAGE + "*B"));
          }
        });
  }

  /** Fails requests of one kind while it is armed. */
  private static final class FailingIo implements BlockDevice {
    private final BlockDevice below;
    private final Io.Op op;
    private boolean armed;

    FailingIo(BlockDevice below, Io.Op op) {
      this.below = below;
      this.op = op;
    }

    @Override
    public void submit(Io io) {
      if (armed && io.op() == op) {
        io.complete(new IOException("injected"));
      } else {
        below.submit(io);
      }
    }

    @Override
    public long sizeBytes() {
      return below.sizeBytes();
    }

    @Override
    public DeviceCapabilities capabilities() {
      return below.capabilities();
    }

    @Override
    public void close() throws IOException {
      below.close();
    }
  }

  /** A scenario of the races with another thing left out. */
  static Scenario race(String name, Omission omission) {
    return Scenarios.find(name).orElseThrow().leavingOut(omission);
  }

  static Scenario race(String name, Mutant mutant) {
    return race(name, Omission.of(mutant));
  }
}
