package io.faultline.soak.race;

import static io.faultline.soak.race.RaceVolume.PAGE;
import static io.faultline.soak.race.RaceVolume.bytes;
import static io.faultline.soak.race.RaceVolume.page;
import static io.faultline.soak.race.RaceVolume.write;

import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.volume.OpenInode;
import java.nio.ByteBuffer;
import java.util.List;

/** Race (e): writeback, or a write, trusts a mapping that is no longer true. */
final class WritebackRaces {
  private WritebackRaces() {}

  static List<Scenario> all() {
    return List.of(rememberedAddress(), staleMapping(), writeMapping(), durableSize());
  }

  /** Race (e1): nothing to leave out would bring it, since no page remembers an address. */
  private static Scenario rememberedAddress() {
    return new Scenario(
        "store-vs-reuse",
        "e1",
        "a page filled and dirtied while its block is punched out and reused is written back:"
            + " where a page remembers its block's address, over the other file",
        "no page remembers an address: writeback looks each one up while the page is its own, so"
            + " that even without the guard no other file is written to",
        RaceSetup.SMALL,
        Omission.ofTheGuard(),
        "none",
        "",
        true,
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
          cast.client("store", () -> f.store(ByteBuffer.wrap(new byte[] {'X', 'X'}), 0));
          cast.check(
              () -> {
                volume.live().sync();
                volume.live().dropCaches();
                Expect.bytes("foreign-write", g, 0, PAGE, PAGE + "*G");
                Expect.sound(volume);
              });
        });
  }

  private static Scenario staleMapping() {
    return new Scenario(
        "writeback-vs-punch",
        "e2",
        "writeback maps a page before the page is its own; meanwhile the block is punched out,"
            + " given to another file, and the page dirtied again: the other file's block is"
            + " written over",
        "writeback sets WRITEBACK first, for which a punch waits, and looks up then (rules R6, R7)",
        RaceSetup.SMALL,
        Omission.of(Mutant.M16_MAPPING_BEFORE_WRITEBACK),
        "foreign-write",
        "I4",
        false,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          OpenInode g = volume.file("/g");
          write(f, 0, page('S'));
          f.sync(true);
          write(f, 0, page('D'));
          cast.client("writeback", () -> f.advise(0, PAGE, OpenInode.Advice.DONT_NEED));
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
                          write(f, 0, page('E'));
                        });
              });
          cast.check(
              () -> {
                volume.live().sync();
                volume.live().dropCaches();
                Expect.bytes("foreign-write", g, 0, PAGE, PAGE + "*G");
                Expect.bytes("stale-data", f, 0, PAGE, PAGE + "*E");
                Expect.sound(volume);
              });
        });
  }

  private static Scenario writeMapping() {
    return new Scenario(
        "write-vs-writeback",
        "e3",
        "a write looks up a hole; before its page is in the cache another write fills the hole, is"
            + " written back and evicted: the rest of the page is replaced by zeros",
        "a write looks its page up only under the page's lock (rule R7)",
        RaceSetup.SMALL,
        Omission.of(Mutant.R7_WRITE_LOOKUP_BEFORE_INSERT),
        "lost-write",
        "I2, I4",
        false,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          write(f, PAGE, page('N'));
          f.sync(true);
          cast.client("write", () -> write(f, 0, bytes('W', 100)));
          cast.client(
              "other",
              () -> {
                write(f, 100, bytes('A', PAGE - 100));
                f.advise(0, PAGE, OpenInode.Advice.DONT_NEED);
              });
          cast.check(
              () -> {
                volume.live().dropCaches();
                Expect.bytes("lost-write", f, 0, PAGE, "100*W 3996*A");
                Expect.sound(volume);
              });
        });
  }

  private static Scenario durableSize() {
    return new Scenario(
        "writeback-vs-truncate",
        "e4",
        "writeback raises the durable size to cover what it wrote, truncate has just lowered it:"
            + " after a crash the file is longer than it was cut to",
        "the size that writeback publishes is clamped to isize under the"
            + " inode-state lock (rule R3)",
        RaceSetup.RECORDED,
        Omission.of(Mutant.R3_DURABLE_SIZE_UNCLAMPED),
        "durable-size",
        "I7",
        false,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          write(f, 0, bytes('A', 2 * PAGE));
          cast.client("writeback", () -> f.advise(0, 2L * PAGE, OpenInode.Advice.DONT_NEED));
          cast.client("truncate", () -> OpenInode.await(f.truncate(100)));
          cast.check(
              () -> {
                f.sync(true);
                if (volume.inode(f).durableSize() == f.size()) {
                  Expect.sound(volume);
                  return;
                }
                // What an open would find; not in every run, since recovery is most of its time.
                try (RaceVolume after = volume.afterPowerCut()) {
                  Expect.bytes("durable-size", after.file("/f"), 0, 2 * PAGE, "100*A");
                }
              });
        });
  }
}
