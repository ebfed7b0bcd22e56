package io.faultline.soak.race;

import static io.faultline.soak.race.RaceVolume.PAGE;
import static io.faultline.soak.race.RaceVolume.page;
import static io.faultline.soak.race.RaceVolume.read;
import static io.faultline.soak.race.RaceVolume.write;

import io.faultline.engine.errno.FsException;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.volume.OpenInode;
import java.nio.ByteBuffer;
import java.util.List;

/** Races (g), the other half of (j), and (k1): offsets move under those who use them. */
final class ShiftRaces {
  private ShiftRaces() {}

  /** Moves offsets. */
  private interface Shift {
    void run(OpenInode file) throws FsException;
  }

  static List<Scenario> all() {
    return List.of(
        fill(
            "collapse-vs-read",
            "g1",
            f -> OpenInode.await(f.collapseRange(0, PAGE)),
            "4096*B 4096*C"),
        fill(
            "insert-vs-read",
            "g2",
            f -> OpenInode.await(f.insertRange(0, PAGE)),
            "4096*0 4096*A 4096*B 4096*C"),
        store(
            "collapse-vs-store",
            "g3",
            "a store dirties a page between the flush of a collapse and its eviction: the store"
                + " returned and its bytes are thrown away",
            "a store makes its page writable under the mapping lock shared: it comes before the"
                + " flush or after the shift",
            Omission.ofTheGuard()),
        store(
            "mkwrite-vs-collapse",
            "j2",
            "making writable without the mapping lock, which punch and truncate survive: a collapse"
                + " means to keep the page's bytes and loses the store",
            "make-writable takes the mapping lock shared (rule R5); the page's lock and the look"
                + " whether it is attached are not enough",
            Omission.of(Mutant.R5_STORE_SKIPS_MKWRITE)),
        store(
            "preflush-vs-store",
            "k1",
            "a collapse writes back before it takes its locks and trusts that: a page dirtied in"
                + " between is evicted unwritten",
            "a flush counts only under the lock that keeps pages from being dirtied again",
            Omission.of(Mutant.K1_FLUSH_BEFORE_LOCK)),
        writeback());
  }

  /** The third form of race (g): it is not the fill but the writeback that has an old mapping. */
  private static Scenario writeback() {
    return new Scenario(
        "collapse-vs-writeback",
        "g4",
        "writeback looks a page up, a collapse moves the blocks, the page is dirtied again:"
            + " its bytes go to the block that belongs to another offset now",
        "a shift begins by waiting for what is under writeback, and writeback looks up only what it"
            + " has set WRITEBACK on (rules R5, R7)",
        RaceSetup.SMALL,
        Omission.of(Mutant.M16_MAPPING_BEFORE_WRITEBACK),
        "misplaced-write",
        "I4, I12",
        false,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          write(f, 0, page('A'));
          write(f, PAGE, page('B'));
          write(f, 2 * PAGE, page('C'));
          f.sync(true);
          write(f, PAGE, page('D'));
          cast.client("writeback", () -> f.advise(PAGE, PAGE, OpenInode.Advice.DONT_NEED));
          cast.client(
              "collapse",
              () -> {
                OpenInode.await(f.collapseRange(0, PAGE));
                volume.runtime().quietly(() -> write(f, PAGE, page('E')));
              });
          cast.check(
              () -> {
                f.sync(true);
                volume.live().dropCaches();
                Expect.bytes("misplaced-write", f, 0, 2 * PAGE, "4096*D 4096*E");
                Expect.sound(volume);
              });
        });
  }

  private static Scenario fill(String name, String race, Shift shift, String after) {
    return new Scenario(
        name,
        race,
        "a read fills a page from its old block between the eviction and the shift: afterwards the"
            + " page stands at the wrong offset",
        "a fill holds the mapping lock shared, a shift exclusive from before the eviction until the"
            + " new mapping is published",
        RaceSetup.SMALL,
        Omission.ofTheGuard(),
        "stale-read",
        "I2, I12",
        false,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          write(f, 0, page('A'));
          write(f, PAGE, page('B'));
          write(f, 2 * PAGE, page('C'));
          volume.live().dropCaches();
          cast.client("shift", () -> shift.run(f));
          cast.client("read", () -> read(f, PAGE, PAGE));
          cast.check(
              () -> {
                Expect.bytes("stale-read", f, 0, 4 * PAGE, after);
                Expect.sound(volume);
              });
        });
  }

  private static Scenario store(
      String name, String race, String story, String cure, Omission omission) {
    return new Scenario(
        name,
        race,
        story,
        cure,
        RaceSetup.SMALL,
        omission,
        "lost-write",
        "I2, I12",
        false,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          write(f, 0, page('A'));
          write(f, PAGE, page('B'));
          write(f, 2 * PAGE, page('C'));
          f.sync(true);
          boolean[] stored = new boolean[1];
          cast.client("collapse", () -> OpenInode.await(f.collapseRange(0, PAGE)));
          cast.client(
              "store",
              () ->
                  stored[0] = Expect.inside(() -> f.store(ByteBuffer.wrap(page('X')), 2L * PAGE)));
          cast.check(
              () -> {
                Expect.bytes(
                    "lost-write", f, 0, 3 * PAGE, stored[0] ? "4096*B 4096*X" : "4096*B 4096*C");
                Expect.sound(volume);
              });
        });
  }
}
