package io.faultline.soak.race;

import static io.faultline.soak.race.RaceVolume.PAGE;
import static io.faultline.soak.race.RaceVolume.page;
import static io.faultline.soak.race.RaceVolume.read;
import static io.faultline.soak.race.RaceVolume.runs;
import static io.faultline.soak.race.RaceVolume.write;

import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.volume.OpenInode;
import java.nio.ByteBuffer;
import java.util.List;

/** Race (d): a file is cut, and perhaps grown again, while it is read or stored to. */
final class TruncateRaces {
  private TruncateRaces() {}

  static List<Scenario> all() {
    return List.of(
        fillBetween("truncate-vs-read", false),
        fillBetween("truncate-vs-late-lookup", true),
        tail(),
        suspect(),
        tailOnTheDevice());
  }

  /** The other half of (d3): what the device keeps behind the end counts once the file grows. */
  private static Scenario tailOnTheDevice() {
    return new Scenario(
        "truncate-vs-power-cut",
        "d3",
        "a file is cut inside a page and the power goes once the new size is durable: where the"
            + " tail was zeroed in memory alone, growing the file brings it back from the device",
        "the edge is zeroed on the device too before the size is published, and what made that"
            + " durable comes before the transaction (rules R2, R4)",
        RaceSetup.RECORDED,
        Omission.of(Mutant.R4_EDGE_NOT_WRITTEN),
        "tail-not-zero",
        "I7, I16",
        false,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          write(f, 0, page('A'));
          f.sync(true);
          cast.client("truncate", () -> OpenInode.await(f.truncate(100)));
          cast.client("read", () -> read(f, 0, 100));
          cast.check(
              () -> {
                f.sync(true);
                try (RaceVolume after = volume.afterPowerCut()) {
                  OpenInode again = after.file("/f");
                  OpenInode.await(again.truncate(PAGE));
                  Expect.bytes("tail-not-zero", again, 0, PAGE, "100*A 3996*0");
                  Expect.sound(after);
                }
              });
        });
  }

  /** A cached neighbour keeps the leaf in its table, or the truncate would kill it. */
  private static Scenario fillBetween(String name, boolean survives) {
    return new Scenario(
        name,
        "d1",
        survives
            ? "without the guard, but with a fill that looks its block up once its page is in the"
                + " table: the size it sampled before that is not trusted"
            : "a fill looks its block up, the file is cut and grown again, the fill goes on: bytes"
                + " from before the cut stand in a hole",
        "a fill holds the mapping lock shared; and here it looks up only what lies under its own"
            + " locked page (rule R7), which alone would do for this race",
        RaceSetup.SMALL,
        survives ? Omission.ofTheGuard() : Omission.ofTheGuardAnd(Mutant.R7_LOOKUP_BEFORE_INSERT),
        survives ? "none" : "stale-read",
        survives ? "" : "I1, I2, I5",
        survives,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          write(f, 0, page('N'));
          write(f, PAGE, page('S'));
          volume.live().dropCaches();
          read(f, 0, PAGE);
          cast.client(
              "truncate",
              () -> {
                OpenInode.await(f.truncate(PAGE));
                OpenInode.await(f.truncate(2L * PAGE));
              });
          cast.client("read", () -> read(f, PAGE, PAGE));
          cast.check(
              () -> {
                Expect.bytes("stale-read", f, PAGE, PAGE, PAGE + "*0");
                Expect.sound(volume);
              });
        });
  }

  private static Scenario tail() {
    return new Scenario(
        "truncate-vs-size-sample",
        "d2",
        "a reader clips with a size it sampled before the page it copies from: it returns zeros"
            + " from behind an end of file that was cut, as if they were content",
        "the size is sampled behind the load of the page's word, and again whenever that has moved"
            + " (rule R1)",
        RaceSetup.SMALL,
        Omission.of(Mutant.R1_SIZE_SAMPLED_BEFORE_COPY),
        "past-eof",
        "I5",
        false,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          write(f, 0, page('A'));
          cast.client("truncate", () -> OpenInode.await(f.truncate(100)));
          cast.client(
              "read",
              () -> {
                String seen = runs(read(f, 0, PAGE));
                if (!seen.equals("4096*A") && !seen.equals("100*A")) {
                  throw new RaceViolation(
                      "past-eof", f.vnode().ino(), 100, seen, "4096*A or 100*A");
                }
              });
          cast.check(() -> Expect.sound(volume));
        });
  }

  private static Scenario suspect() {
    return new Scenario(
        "truncate-vs-store",
        "d3",
        "a store lands behind the new end of file, in the page that was cut: it comes back when the"
            + " file grows",
        "the size goes down under the lock of the page it now ends in, and a store behind the end"
            + " fails there (rule R4)",
        RaceSetup.SMALL,
        Omission.of(Mutant.R4_STORE_PAST_SIZE),
        "tail-not-zero",
        "I16",
        false,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          write(f, 0, page('A'));
          cast.client("truncate", () -> OpenInode.await(f.truncate(100)));
          cast.client(
              "store",
              () -> Expect.inside(() -> f.store(ByteBuffer.wrap(new byte[] {'X', 'X'}), 200)));
          cast.check(
              () -> {
                OpenInode.await(f.truncate(PAGE));
                Expect.bytes("tail-not-zero", f, 0, PAGE, "100*A 3996*0");
                Expect.sound(volume);
              });
        });
  }
}
