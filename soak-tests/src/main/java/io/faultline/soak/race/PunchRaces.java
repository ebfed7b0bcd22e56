package io.faultline.soak.race;

import static io.faultline.soak.race.RaceVolume.PAGE;
import static io.faultline.soak.race.RaceVolume.page;
import static io.faultline.soak.race.RaceVolume.read;
import static io.faultline.soak.race.RaceVolume.runs;
import static io.faultline.soak.race.RaceVolume.write;

import io.faultline.engine.errno.FsException;
import io.faultline.engine.lock.Guard;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.volume.OpenInode;
import java.nio.ByteBuffer;
import java.util.List;

/** Races (a) to (c), (j) and (k2): a hole is punched while its pages are filled or stored to. */
final class PunchRaces {
  private static final String ZEROS = PAGE + "*0";

  private PunchRaces() {}

  /** How a page gets into the cache. */
  private interface Fill {
    void fill(OpenInode file) throws FsException;
  }

  static List<Scenario> all() {
    return List.of(
        punch(
            "punch-vs-read",
            "a",
            "a block is punched out while a read fills its page from it: the freed block's bytes"
                + " stay in the cache of a hole",
            file -> read(file, 0, PAGE)),
        reuse(),
        punch(
            "punch-vs-fault",
            "b",
            "the same with a page fault, which could not take the I/O lock if it wanted to",
            file -> load(file, 0)),
        storeIntoHole(),
        punch(
            "punch-vs-advise",
            "c",
            "the same with posix_fadvise(WILLNEED): nobody waits for the page"
                + " and nobody looks again",
            file -> file.advise(0, PAGE, OpenInode.Advice.WILL_NEED)),
        readahead(),
        survivor("mkwrite-vs-punch", file -> OpenInode.await(file.punchHole(0, PAGE)), ZEROS),
        survivor("mkwrite-vs-truncate", PunchRaces::downAndUp, ZEROS),
        sizeInTheCache());
  }

  private static void load(OpenInode file, long at) throws FsException {
    Expect.inside(() -> file.load(ByteBuffer.allocate(PAGE), at));
  }

  private static void downAndUp(OpenInode file) throws FsException {
    OpenInode.await(file.truncate(0));
    OpenInode.await(file.truncate(PAGE));
  }

  private static Scenario punch(String name, String race, String story, Fill fill) {
    return new Scenario(
        name,
        race,
        story,
        "a fill holds the mapping lock shared from before its page is in the table until the"
            + " read is submitted; punch holds it exclusive from before the eviction until the"
            + " block is gone",
        RaceSetup.SMALL,
        Omission.ofTheGuard(),
        "stale-read",
        "I1, I2, I15",
        false,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          write(f, 0, page('S'));
          volume.live().dropCaches();
          cast.client("punch", () -> OpenInode.await(f.punchHole(0, PAGE)));
          cast.client("fill", () -> fill.fill(f));
          cast.check(
              () -> {
                Expect.bytes("stale-read", f, 0, PAGE, ZEROS);
                Expect.sound(volume);
              });
        });
  }

  /** The second variant of (a): the block is another file's before the read of it is made. */
  private static Scenario reuse() {
    return new Scenario(
        "punch-vs-read-reuse",
        "a2",
        "the punched block belongs to another file before the read of it is made: its private bytes"
            + " are shown",
        "as for punch-vs-read; besides, a freed block is not used again before the transaction that"
            + " freed it is durable",
        RaceSetup.SMALL,
        Omission.ofTheGuard(),
        "foreign-data",
        "I1, I2, I15",
        false,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          OpenInode g = volume.file("/g");
          write(f, 0, page('S'));
          volume.live().dropCaches();
          cast.client(
              "punch",
              () -> {
                OpenInode.await(f.punchHole(0, PAGE));
                volume
                    .runtime()
                    .quietly(
                        () -> {
                          f.sync(true);
                          write(g, 0, page('G'));
                          g.sync(true);
                        });
              });
          cast.client("fill", () -> read(f, 0, PAGE));
          cast.check(
              () -> {
                String seen = runs(read(f, 0, PAGE));
                // Without the guard the file's own bytes are the other variant, shown by its own.
                if (seen.contains("G")
                    || (volume.setup().guard() != Guard.NONE && !seen.equals(ZEROS))) {
                  throw new RaceViolation("foreign-data", f.vnode().ino(), 0, seen, ZEROS);
                }
                Expect.sound(volume);
              });
        });
  }

  private static Scenario storeIntoHole() {
    return new Scenario(
        "punch-vs-store",
        "b2",
        "a store through a mapping faults the page in from the punched block: written back, it"
            + " brings the bytes around it back for good",
        "as for punch-vs-read: a store creates its page under the mapping lock shared",
        RaceSetup.SMALL,
        Omission.ofTheGuard(),
        "stale-data",
        "I1, I2, I4",
        false,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          write(f, 0, page('S'));
          volume.live().dropCaches();
          cast.client("punch", () -> OpenInode.await(f.punchHole(0, PAGE)));
          cast.client("store", () -> f.store(ByteBuffer.wrap(new byte[] {'X', 'X'}), 0));
          cast.check(
              () -> {
                volume.live().dropCaches();
                Expect.bytes("stale-data", f, 0, PAGE, ZEROS, "2*X 4094*0");
                Expect.sound(volume);
              });
        });
  }

  private static Scenario readahead() {
    return new Scenario(
        "punch-vs-readahead",
        "c2",
        "a page is read, another one is punched: the readahead window of the read reaches into the"
            + " punched range",
        "as for punch-vs-read: readahead enters through the same door as a demanded page",
        RaceSetup.SMALL,
        Omission.ofTheGuard(),
        "stale-read",
        "I1, I2, I15",
        false,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          for (int p = 0; p < 3; p++) {
            write(f, (long) p * PAGE, page('S'));
          }
          volume.live().dropCaches();
          read(f, 0, PAGE);
          cast.client("punch", () -> OpenInode.await(f.punchHole(2 * PAGE, PAGE)));
          cast.client("read", () -> read(f, PAGE, PAGE));
          cast.check(
              () -> {
                Expect.bytes("stale-read", f, 2 * PAGE, PAGE, ZEROS);
                Expect.sound(volume);
              });
        });
  }

  /** Race (j), the half that holds: SEMANTICS says the unlocked variant must survive these two. */
  private static Scenario survivor(String name, Fill destroy, String... allowed) {
    return new Scenario(
        name,
        "j",
        "a clean page is made writable without the mapping lock: where block = page the page's own"
            + " lock and the look whether it is still attached are enough",
        "none is needed: the eviction has to lock the same page, and takes the new bytes along",
        RaceSetup.SMALL,
        Omission.of(Mutant.R5_STORE_SKIPS_MKWRITE),
        "none",
        "",
        true,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          write(f, 0, page('S'));
          f.sync(true);
          boolean[] stored = new boolean[1];
          cast.client("destroy", () -> destroy.fill(f));
          cast.client(
              "store",
              () ->
                  stored[0] =
                      Expect.inside(() -> f.store(ByteBuffer.wrap(new byte[] {'X', 'X'}), 0)));
          cast.check(
              () -> {
                volume.live().dropCaches();
                if (stored[0]) {
                  Expect.bytes("stale-data", f, 0, PAGE, ZEROS, "2*X 4094*0");
                } else {
                  Expect.bytes("stale-data", f, 0, PAGE, allowed);
                }
                Expect.sound(volume);
              });
        });
  }

  private static Scenario sizeInTheCache() {
    return new Scenario(
        "punch-vs-size",
        "k2",
        "the pages that would have carried the durable size forward are punched out before they"
            + " were written back: after a crash the file is shorter than what was synced",
        "punch raises the durable size to isize in the batch of its own event (rule R3)",
        RaceSetup.RECORDED,
        Omission.of(Mutant.R3_PUNCH_KEEPS_DURABLE_SIZE),
        "short-file",
        "I7",
        false,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          write(f, 0, page('S'));
          f.sync(true);
          cast.client("extend", () -> write(f, PAGE, page('E')));
          cast.client("punch", () -> OpenInode.await(f.punchHole(PAGE, PAGE)));
          cast.check(
              () -> {
                f.sync(true);
                if (volume.inode(f).durableSize() == f.size()) {
                  Expect.sound(volume);
                  return;
                }
                // What an open would find; not in every run, since recovery is most of its time.
                try (RaceVolume after = volume.afterPowerCut()) {
                  Expect.bytes(
                      "short-file",
                      after.file("/f"),
                      0,
                      3 * PAGE,
                      "4096*S 4096*0",
                      "4096*S 4096*E");
                }
              });
        });
  }
}
