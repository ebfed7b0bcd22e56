package io.faultline.soak.race;

import static io.faultline.soak.race.RaceVolume.PAGE;
import static io.faultline.soak.race.RaceVolume.page;
import static io.faultline.soak.race.RaceVolume.read;
import static io.faultline.soak.race.RaceVolume.runs;
import static io.faultline.soak.race.RaceVolume.write;

import io.faultline.engine.device.CrashChoice;
import io.faultline.engine.device.JournalStore.JournalFile;
import io.faultline.engine.device.MemoryJournalStore;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.volume.LiveVolume;
import io.faultline.engine.volume.OpenInode;
import io.faultline.persistence.segment.LogRecord;
import io.faultline.persistence.segment.SegmentScanner;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Scenarios that show by a power cut, or by a replay, what one omitted step breaks. */
final class CrashBreakages {
  private CrashBreakages() {}

  private static Scenario of(String name, String kind, Omission omission, Scenario.Script script) {
    return new Scenario(name, "", "", "", RaceSetup.RECORDED, omission, kind, "", false, script);
  }

  /**
   * The power goes at any moment of a write and its fsync. The block the write gets held another
   * file's bytes.
   *
   * @param preallocated whether the block is the file's before, unwritten
   */
  static Scenario cutDuringSync(Omission omission, boolean preallocated) {
    return of(
        "power cut during fsync" + (preallocated ? " over preallocated space" : ""),
        "not-durable",
        omission,
        (volume, cast) -> {
          OpenInode old = volume.file("/old");
          write(old, 0, page('S'));
          old.sync(true);
          old.close();
          volume.live().names().unlink("/old");
          OpenInode f = volume.file("/f");
          volume.live().sync();
          if (preallocated) {
            OpenInode.await(f.allocate(0, PAGE, false));
            volume.live().sync();
          }
          boolean[] synced = new boolean[2];
          RaceVolume.Remains[] cut = new RaceVolume.Remains[1];
          cast.client(
              "write",
              () -> {
                write(f, 0, page('A'));
                f.sync(true);
                synced[0] = true;
              });
          cast.client(
              "power",
              () -> {
                cut[0] = volume.remains(0);
                synced[1] = synced[0];
              });
          cast.check(
              () -> {
                try (RaceVolume after = volume.after(cut[0])) {
                  String before = preallocated ? PAGE + "*0" : "";
                  String seen = runs(read(after.file("/f"), 0, PAGE));
                  if (!seen.equals(PAGE + "*A") && (synced[1] || !seen.equals(before))) {
                    throw new RaceViolation(
                        synced[1] ? "not-durable" : "stale-data",
                        f.vnode().ino(),
                        0,
                        seen,
                        synced[1] ? PAGE + "*A" : before + " or " + PAGE + "*A");
                  }
                }
              });
        });
  }

  /** A punched block is written again, for another file, and then the punch did not happen. */
  static Scenario reuse(Omission omission) {
    return of(
        "power cut after a punch and a write",
        "foreign-data",
        omission,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          OpenInode g = volume.file("/g");
          write(f, 0, page('S'));
          volume.live().sync();
          cast.client(
              "client",
              () -> {
                OpenInode.await(f.punchHole(0, PAGE));
                write(g, 0, page('G'));
                // Written back, not committed.
                g.advise(0, PAGE, OpenInode.Advice.DONT_NEED);
              });
          cast.check(
              () -> {
                try (RaceVolume after = volume.after(volume.remains(CrashChoice.keepAll()))) {
                  Expect.bytes("foreign-data", after.file("/f"), 0, PAGE, PAGE + "*S", PAGE + "*0");
                }
              });
        });
  }

  /** Closing a file makes nothing durable that was not synced. */
  static Scenario close(Omission omission) {
    return of(
        "power cut after a close",
        "hidden-sync",
        omission,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          write(f, 0, page('A'));
          f.sync(true);
          volume.live().sync();
          cast.client(
              "client",
              () -> {
                write(f, 0, page('B'));
                f.close();
              });
          cast.check(
              () -> {
                try (RaceVolume after = volume.afterPowerCut()) {
                  Expect.bytes("hidden-sync", after.file("/f"), 0, PAGE, PAGE + "*A");
                }
              });
        });
  }

  /** A rename between directories is wholly in the journal or not at all, whoever commits. */
  static Scenario rename(Omission omission) {
    return of(
        "rename beside a sync, then a power cut",
        "torn",
        omission,
        (volume, cast) -> {
          volume.live().names().mkdir("/a", 0755);
          volume.live().names().mkdir("/b", 0755);
          volume.file("/a/f");
          volume.live().sync();
          cast.client("rename", () -> volume.live().names().rename("/a/f", "/b/f"));
          cast.client("sync", () -> volume.runtime().quietly(() -> volume.live().sync()));
          cast.check(
              () -> {
                try (RaceVolume after = volume.afterPowerCut()) {
                  int names = names(after.live(), "/a/f") + names(after.live(), "/b/f");
                  if (names != 1) {
                    throw new RaceViolation("torn", -1, -1, names + " names", "1 name");
                  }
                  after.requireSound();
                }
              });
        });
  }

  private static int names(LiveVolume volume, String path) throws FsException {
    try {
      volume.names().resolve(path, false);
      return 1;
    } catch (FsException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
      return 0;
    }
  }

  /** What was lived is what is replayed. */
  static Scenario replay(Omission omission) {
    return of(
        "live state and its replay",
        "replay-differs",
        omission,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          cast.client(
              "client",
              () -> {
                write(f, 0, page('A'));
                f.sync(true);
                read(f, 0, PAGE);
                OpenInode.await(f.punchHole(0, PAGE));
                write(f, PAGE, page('B'));
                volume.live().sync();
              });
          cast.check(
              () -> {
                InodeTable live = volume.live().table();
                try (RaceVolume after = volume.afterPowerCut()) {
                  InodeTable replayed = after.live().table();
                  if (!replayed.equals(live)) {
                    long ino = f.vnode().ino();
                    throw new RaceViolation(
                        "replay-differs", ino, -1, "" + replayed.get(ino), "" + live.get(ino));
                  }
                }
              });
        });
  }

  /** A journal that lacks a transaction in its middle is refused. */
  static Scenario gap(Omission omission) {
    return of(
        "journal with a gap",
        "gap-accepted",
        omission,
        (volume, cast) -> {
          long[] lsn = new long[1];
          cast.client(
              "client",
              () -> {
                for (String path : new String[] {"/f", "/g", "/h"}) {
                  volume.file(path);
                  volume.live().sync();
                  lsn[0] = volume.live().journal().durableLsn();
                }
              });
          cast.check(
              () -> {
                RaceVolume.Remains cut = volume.remains(0);
                removeRecord(cut.journal(), volume, lsn[0] - 1);
                try (RaceVolume after = volume.after(cut)) {
                  throw new RaceViolation(
                      "gap-accepted", -1, -1, after.live().table().size() + " inodes", "EUCLEAN");
                } catch (FsException refused) {
                  if (refused.errno() != Errno.EUCLEAN) {
                    throw refused;
                  }
                }
              });
        });
  }

  /** What follows the record moves to its place. */
  private static void removeRecord(MemoryJournalStore journal, RaceVolume volume, long lsn)
      throws IOException {
    String segment = "";
    long from = -1;
    long to = -1;
    try (SegmentScanner scanner = new SegmentScanner(journal, volume.identity())) {
      for (LogRecord r = scanner.next(); r != null; r = scanner.next()) {
        if (r.lsn() == lsn) {
          segment = r.segment();
          from = r.offset();
        } else if (r.lsn() == lsn + 1) {
          to = r.offset();
        }
      }
    }
    if (from < 0 || to < from) {
      throw new IllegalStateException("no record " + lsn + " with one behind it");
    }
    try (JournalFile file = journal.open(segment, false)) {
      ByteBuffer rest = ByteBuffer.allocate((int) (file.length() - to));
      while (rest.hasRemaining() && file.read(rest, to + rest.position()) > 0) {
        // The file may be read in pieces.
      }
      int length = rest.flip().remaining();
      file.write(rest, from);
      file.truncate(from + length);
    }
  }
}
