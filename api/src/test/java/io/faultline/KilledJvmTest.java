package io.faultline;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.journal.Tx;
import io.faultline.persistence.checkpoint.Continuity;
import io.faultline.persistence.replay.JournalReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Goal: a JVM may end at any moment, by kill -9 or by leaving main with a volume open, and the next
 * opening has every acknowledged sync, a sound volume and a journal without gaps.
 */
@Timeout(300)
class KilledJvmTest {
  private static final VolumeOptions OPTIONS =
      VolumeOptions.defaults()
          .size("2m")
          .cacheSize("1m")
          .commitInterval(Duration.ofMillis(5))
          .reuseFreedFirst(true);

  @TempDir Path dir;

  /** Works until it is killed; one line behind each operation. */
  static final class Worker {
    public static void main(String[] args) throws IOException {
      Path directory = Path.of(args[0]);
      Volume volume = Volume.create(directory, OPTIONS);
      long distance = Long.parseLong(args[2]);
      if (distance > 0) {
        volume.close();
        volume = CheckpointedVolumes.open(directory, OPTIONS, distance);
      }
      CrashWorkload workload =
          new CrashWorkload(volume, new CrashHistory(), Long.parseLong(args[1]));
      while (true) {
        workload.step();
        System.out.println("done");
      }
    }
  }

  private void round(long seed) throws Exception {
    round(dir.resolve("v" + seed), seed, 0);
  }

  /**
   * One kill and what comes after it.
   *
   * @param distance events between two checkpoints; 0 for the usual distance
   */
  private static void round(Path at, long seed, long distance) throws Exception {
    int lines = new SplittableRandom(seed).nextInt(5, 200);
    int done = 0;
    try (ChildJvm child =
        new ChildJvm(List.of(), Worker.class, at.toString(), "" + seed, "" + distance)) {
      while (done < lines) {
        assertThat(child.line()).isPresent();
        done++;
      }
      child.kill();
      // What it still said before it died was done too.
      while (child.line().filter("done"::equals).isPresent()) {
        done++;
      }
    }
    CrashHistory history = historyOf(seed, done);
    String moment = "seed " + seed + " killed behind operation " + done;
    for (int opening = 0; opening < 2; opening++) {
      try (Volume volume = Volume.open(at, OPTIONS)) {
        history.check(volume, moment);
      }
    }
    assertContinuous(at);
  }

  /** The same operations once more, in memory, and the one that may have begun. */
  private static CrashHistory historyOf(long seed, int done) throws IOException {
    CrashHistory history = new CrashHistory();
    try (PowerCutVolume twin = new PowerCutVolume(2L << 20)) {
      CrashWorkload workload = new CrashWorkload(twin.volume(), history, seed);
      for (int i = 0; i < done; i++) {
        workload.step();
      }
      CrashHistory before = history.copy();
      boolean acknowledged = workload.step();
      return acknowledged ? before : history;
    }
  }

  private static void assertContinuous(Path volume) throws IOException {
    try (JournalReader reader = JournalReader.open(volume)) {
      long last = 0;
      for (Tx tx = reader.next(); tx != null; tx = reader.next()) {
        assertThat(tx.lsn()).isEqualTo(last + 1);
        last = tx.lsn();
      }
      assertThat(last).isGreaterThan(3);
    }
  }

  @Test
  void threeKillsLoseNothingAcknowledged() throws Exception {
    for (long seed = 1; seed <= 3; seed++) {
      round(seed);
    }
  }

  @Test
  void killsAmongCheckpointsLoseNothingAcknowledged() throws Exception {
    int checkpoints = 0;
    for (long seed = 4; seed <= 6; seed++) {
      Path at = dir.resolve("c" + seed);
      round(at, seed, 5);
      checkpoints += CheckpointedVolumes.checkpoints(at).list().size();
      assertThat(Continuity.check(at).problems()).isEmpty();
    }
    assertThat(checkpoints).isPositive();
  }

  @Test
  @Tag("deep")
  void twentyKillsLoseNothingAcknowledged() throws Exception {
    for (long seed = 100; seed < 120; seed++) {
      round(seed);
    }
  }

  /**
   * Goes on with the volume where the one before it was killed, until it is killed itself. Every
   * page it writes says which page of which file it is and when it was written; what it is about to
   * do and what has been synced goes to standard output.
   */
  static final class Stamper {
    public static void main(String[] args) throws IOException {
      Path at = Path.of(args[0]);
      long seq = Long.parseLong(args[1]);
      SplittableRandom random = new SplittableRandom(seq);
      Volume volume = Files.exists(at) ? Volume.open(at, OPTIONS) : Volume.create(at, OPTIONS);
      for (; ; seq++) {
        int f = random.nextInt(KillLedger.FILES);
        int page = random.nextInt(KillLedger.PAGES);
        try (OpenFile file = volume.open("/f" + f, CREATE, READ, WRITE)) {
          switch (random.nextInt(6)) {
            case 0, 1, 2 -> {
              System.out.println("write " + f + " " + page + " " + seq);
              file.write(ByteBuffer.wrap(KillLedger.stamp(f, page, seq)), page * 4_096L);
            }
            case 3 -> {
              System.out.println("punch " + f + " " + page + " " + seq);
              file.punchHole(page * 4_096L, 4_096);
            }
            case 4 -> {
              file.sync();
              System.out.println("synced " + f);
            }
            default -> {
              volume.sync();
              System.out.println("synced all");
            }
          }
        }
      }
    }
  }

  /** Kills one volume's processes one after the other; each finds what the one before it left. */
  private void killAfterKill(String name, long seed, int rounds) throws Exception {
    Path at = dir.resolve(name);
    KillLedger ledger = new KillLedger();
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < rounds; round++) {
      int lines = random.nextInt(1, 400);
      try (ChildJvm child =
          new ChildJvm(List.of(), Stamper.class, at.toString(), "" + ledger.nextSeq())) {
        for (int i = 0; i < lines; i++) {
          ledger.heard(child.line().orElseThrow());
        }
        child.kill();
        for (Optional<String> rest = child.line(); rest.isPresent(); rest = child.line()) {
          ledger.heard(rest.get());
        }
      }
      try (Volume volume = Volume.open(at, OPTIONS)) {
        ledger.check(volume, "seed " + seed + ", kill " + round);
      }
      assertContinuous(at);
    }
  }

  @Test
  void oneVolumeSurvivesThreeKillsInARow() throws Exception {
    killAfterKill("row", 4, 3);
  }

  @Test
  @Tag("deep")
  void oneVolumeSurvivesFortyKillsInARow() throws Exception {
    killAfterKill("long-row", 5, 40);
  }

  /** The ledger itself: it must notice what it is there for. */
  @Test
  void theLedgerNoticesWhatIsLostOrForeign() throws Exception {
    Path at = dir.resolve("ledger");
    try (Volume volume = Volume.create(at, OPTIONS);
        OpenFile file = volume.open("/f0", CREATE, READ, WRITE)) {
      KillLedger ledger = new KillLedger();
      ledger.heard("write 0 0 7");
      ledger.check(volume, "not synced, not there");
      file.write(ByteBuffer.wrap(KillLedger.stamp(0, 0, 7)), 0);
      ledger.heard("write 0 0 7");
      ledger.heard("synced 0");
      ledger.check(volume, "synced and there");
      ledger.heard("write 0 0 8");
      ledger.heard("synced all");
      assertThatThrownBy(() -> ledger.check(volume, "lost")).hasMessageContaining("lost");
      file.write(ByteBuffer.wrap(KillLedger.stamp(1, 0, 8)), 0);
      assertThatThrownBy(() -> ledger.check(volume, "foreign")).hasMessageContaining("foreign");
    }
  }

  /** Opens a volume, leaves something unsynced behind and returns. */
  static final class Leaver {
    public static void main(String[] args) throws IOException {
      Volume volume =
          Volume.create(Path.of(args[0]), OPTIONS.commitInterval(Duration.ofMinutes(5)));
      OpenFile file = volume.open("/synced", CREATE, WRITE);
      file.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 0);
      file.sync();
      volume.open("/unsynced", CREATE, WRITE).write(ByteBuffer.wrap(new byte[] {4}), 0);
      System.out.println("leaving");
    }
  }

  @Test
  void leavingMainWithAnOpenVolumeEndsTheJvm() throws Exception {
    Path at = dir.resolve("left");
    try (ChildJvm child = new ChildJvm(List.of(), Leaver.class, at.toString())) {
      assertThat(child.line()).isEqualTo(Optional.of("leaving"));
      assertThat(child.exitCode(60)).isZero();
    }
    try (Volume volume = Volume.open(at, OPTIONS);
        OpenFile file = volume.open("/synced")) {
      assertThat(CrashHistory.content(file, 3)).containsExactly(1, 2, 3);
      assertThat(volume.fsck().findings()).isEmpty();
    }
  }
}
