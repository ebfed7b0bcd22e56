package io.faultline.soak.race;

import static io.faultline.soak.race.RaceVolume.PAGE;
import static io.faultline.soak.race.RaceVolume.bytes;
import static io.faultline.soak.race.RaceVolume.page;
import static io.faultline.soak.race.RaceVolume.read;
import static io.faultline.soak.race.RaceVolume.write;

import io.faultline.engine.device.JournalStore;
import io.faultline.engine.runtime.sim.SimScheduler;
import io.faultline.engine.runtime.sim.Strategy;
import io.faultline.engine.volume.OpenInode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * Three clients that meet each other on two files, everything the engine has taking part; prints
 * one line per seed: a checksum of the whole trace and one of the journal's bytes.
 */
final class Storm {
  private Storm() {}

  /** Arguments: number of seeds. */
  public static void main(String[] args) {
    Laboratory.begin();
    for (long seed = 0; seed < Long.parseLong(args[0]); seed++) {
      System.out.println(run(seed));
    }
  }

  /** Seed, checksum of the trace, checksum of the journal. */
  static String run(long seed) {
    CRC32C journal = new CRC32C();
    Scenario scenario =
        new Scenario(
            "storm", "", "", "", RaceSetup.SMALL, Omission.of(), "none", "", true, script(journal));
    SimScheduler scheduler = new SimScheduler(seed, new Strategy.Random());
    scenario.prepare(scheduler);
    scheduler.run();
    CRC32C trace = new CRC32C();
    trace.update(scheduler.trace().getBytes(StandardCharsets.UTF_8));
    return "%d %08x %08x".formatted(seed, trace.getValue(), journal.getValue());
  }

  private static Scenario.Script script(CRC32C journal) {
    return (volume, cast) -> {
      OpenInode f = volume.file("/f");
      OpenInode g = volume.file("/g");
      write(f, 0, bytes('F', 3 * PAGE));
      volume.live().dropCaches();
      cast.client(
          "changer",
          () -> {
            OpenInode.await(f.punchHole(PAGE, PAGE));
            OpenInode.await(f.truncate(5_000));
            OpenInode.await(f.truncate(3L * PAGE));
            volume.live().names().rename("/g", "/h");
          });
      cast.client(
          "reader",
          () -> {
            read(f, 0, 3 * PAGE);
            g.sync(true);
            read(f, PAGE, PAGE);
          });
      cast.client(
          "writer",
          () -> {
            write(g, 0, page('G'));
            Expect.inside(() -> f.store(ByteBuffer.wrap(page('X')), PAGE));
            f.advise(0, 3L * PAGE, OpenInode.Advice.DONT_NEED);
            f.sync(true);
          });
      cast.check(
          () -> {
            volume.live().sync();
            volume.requireSound();
            sum(volume, journal);
          });
    };
  }

  private static void sum(RaceVolume volume, CRC32C into) throws IOException {
    for (String name : volume.journal().list()) {
      try (JournalStore.JournalFile file = volume.journal().open(name, false)) {
        ByteBuffer bytes = ByteBuffer.allocate((int) file.length());
        file.read(bytes, 0);
        into.update(bytes.flip());
      }
    }
  }
}
