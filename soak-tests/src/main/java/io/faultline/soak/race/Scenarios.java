package io.faultline.soak.race;

import static io.faultline.soak.race.RaceVolume.PAGE;
import static io.faultline.soak.race.RaceVolume.page;
import static io.faultline.soak.race.RaceVolume.read;
import static io.faultline.soak.race.RaceVolume.runs;
import static io.faultline.soak.race.RaceVolume.write;

import io.faultline.engine.volume.OpenInode;
import java.util.List;

/** The catalogue of races. */
public final class Scenarios {
  private Scenarios() {}

  /** All of them, by their letter. */
  public static List<Scenario> all() {
    return List.of(punchVsRead());
  }

  private static Scenario punchVsRead() {
    return new Scenario(
        "punch-vs-read",
        "a",
        "a block is punched out and reused by another file while a read fills its page from it",
        RaceSetup.SMALL,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          OpenInode g = volume.file("/g");
          write(f, 0, page('S'));
          volume.live().dropCaches();
          cast.client(
              "punch",
              () -> {
                OpenInode.await(f.punchHole(0, PAGE));
                f.sync(true);
                write(g, 0, page('G'));
                g.sync(true);
              });
          cast.client("read", () -> read(f, 0, PAGE));
          cast.check(() -> requireHole(volume, f, 0));
        });
  }

  /** Invariant I15: a read that begins after the punch returned sees zeros. */
  private static void requireHole(RaceVolume volume, OpenInode file, long at) throws Exception {
    String seen = runs(read(file, at, PAGE));
    if (!seen.equals(PAGE + "*0")) {
      throw new RaceViolation("stale-read", file.vnode().ino(), at, seen, PAGE + "*0");
    }
    volume.requireSound();
  }
}
