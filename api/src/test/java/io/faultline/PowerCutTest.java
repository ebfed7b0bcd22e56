package io.faultline;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.device.Io;
import io.faultline.engine.runtime.Mutant;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Goal: whenever the power goes, what was acknowledged is there, nothing is there that was never
 * written, and the volume is sound. Crashes at each acknowledged sync, with everything lost that
 * was not flushed, and at random device requests, with some of it kept; unlike kill -9 this notices
 * a flush that is missing. Each mutant leaves out one step that this needs, and must be noticed.
 */
@Timeout(600)
class PowerCutTest {
  private static final long SIZE_BYTES = 2L << 20;
  private static final int STEPS = 60;

  private record Crash(String moment, PowerCutVolume.Remains remains, CrashHistory history) {}

  @AfterEach
  void noMutants() {
    if (Mutant.ENABLED) {
      Mutant.activate();
    }
  }

  /** Throws an AssertionError that says what was found, when, and after which operations. */
  private static void run(long seed) throws IOException {
    List<Crash> crashes = new ArrayList<>();
    CrashHistory history = new CrashHistory();
    SplittableRandom random = new SplittableRandom(~seed);
    String log;
    try (PowerCutVolume subject = new PowerCutVolume(SIZE_BYTES)) {
      CrashWorkload workload = new CrashWorkload(subject.volume(), history, seed);
      subject.watch(
          io -> {
            if (io.op() != Io.Op.READ && random.nextInt(6) == 0) {
              // The client waits for this request, directly or in a sync.
              crashes.add(crash(subject, history, workload, random.nextLong()));
            }
          });
      for (int i = 0; i < STEPS; i++) {
        if (workload.step()) {
          crashes.add(
              new Crash("power cut behind " + workload.log(), subject.remains(), history.copy()));
        }
      }
      log = workload.log();
    }
    assertThat(crashes).as(log).hasSizeGreaterThan(5);
    for (Crash crash : crashes) {
      recover(crash, "seed " + seed);
    }
  }

  private static Crash crash(
      PowerCutVolume subject, CrashHistory history, CrashWorkload workload, long seed) {
    return new Crash(
        "crash " + seed + " inside " + workload.log(), subject.remains(seed), history.copy());
  }

  private static void recover(Crash crash, String where) throws IOException {
    PowerCutVolume.Remains remains = crash.remains();
    try (Volume volume = remains.open()) {
      crash.history().check(volume, where + ", " + crash.moment());
    }
    // The check changed sizes and set them back; a second recovery finds the same.
    try (Volume volume = remains.again().open()) {
      crash.history().check(volume, where + ", again, " + crash.moment());
    }
  }

  @Test
  void acknowledgedChangesSurviveAndNothingStaleAppears() throws IOException {
    for (long seed = 0; seed < 8; seed++) {
      run(seed);
    }
  }

  /**
   * A punch zeroed its edge in place in a block that a collapse had moved, not yet durably (R9).
   */
  @Test
  void anEdgeIsNotZeroedInABlockThatMayMoveBack() throws IOException {
    run(1_114);
  }

  @Test
  @Tag("deep")
  void theSameForAThousandSeeds() throws IOException {
    for (long seed = 1_000; seed < 2_000; seed++) {
      run(seed);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Mutant.class,
      names = {"R3_DURABLE_SIZE_UNCLAMPED", "R4_EDGE_NOT_WRITTEN"})
  void aMissingStepIsNoticed(Mutant mutant) {
    Mutant.activate(mutant);
    assertThatThrownBy(
            () -> {
              for (long seed = 0; seed < 40; seed++) {
                run(seed);
              }
            })
        .isInstanceOf(AssertionError.class);
  }

  /** What a scenario synced last must be in what the power cut left that it returns. */
  private static void survives(Scenario scenario) throws IOException {
    survives(2, scenario);
  }

  private static void survives(int fill, Scenario scenario) throws IOException {
    PowerCutVolume.Remains remains;
    try (PowerCutVolume subject = new PowerCutVolume(SIZE_BYTES)) {
      remains = scenario.run(subject);
    }
    try (Volume volume = remains.open();
        OpenFile file = volume.open("/f")) {
      assertThat(CrashHistory.content(file, (int) file.size())).containsOnly(fill).hasSize(8_192);
    }
  }

  private interface Scenario {
    PowerCutVolume.Remains run(PowerCutVolume subject) throws IOException;
  }

  private static void write(OpenFile file, int fill) throws IOException {
    byte[] bytes = new byte[8_192];
    Arrays.fill(bytes, (byte) fill);
    file.write(ByteBuffer.wrap(bytes), 0);
  }

  /** In place and within one tick of the clock: no transaction follows that would flush for it. */
  private static PowerCutVolume.Remains overwriteInPlace(PowerCutVolume subject)
      throws IOException {
    try (OpenFile file = subject.volume().open("/f", CREATE, WRITE)) {
      write(file, 1);
      file.sync();
      write(file, 2);
      file.dataSync();
      return subject.remains();
    }
  }

  @Test
  void anOverwriteInPlaceIsFlushedThoughNoTransactionNeedsIt() throws IOException {
    survives(PowerCutTest::overwriteInPlace);
    Mutant.activate(Mutant.R2_FSYNC_SKIPS_FLUSH);
    assertThatThrownBy(() -> survives(PowerCutTest::overwriteInPlace))
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void closingSyncs() throws IOException {
    Scenario close =
        subject -> {
          try (OpenFile file = subject.volume().open("/f", CREATE, WRITE)) {
            write(file, 2);
          }
          subject.close();
          return subject.remains();
        };
    survives(close);
    Mutant.activate(Mutant.R24_CLOSE_DOES_NOT_SYNC);
    assertThatThrownBy(() -> survives(close)).isInstanceOf(AssertionError.class);
  }

  /**
   * Somebody else writes the page back while the device is slow; a sync that finds nothing dirty
   * must wait for that page all the same.
   */
  private static PowerCutVolume.Remains syncWhileAnotherWritesBack(PowerCutVolume subject)
      throws IOException {
    CountDownLatch gate = new CountDownLatch(1);
    CountDownLatch submitted = new CountDownLatch(1);
    AtomicReference<Thread> holder = new AtomicReference<>();
    subject.watch(
        io -> {
          if (io.op() == Io.Op.WRITE && Thread.currentThread() == holder.get()) {
            submitted.countDown();
            quietly(gate::await);
          }
        });
    try (OpenFile file = subject.volume().open("/f", CREATE, READ, WRITE)) {
      write(file, 2);
      Thread writer =
          Thread.ofPlatform().unstarted(() -> quietly(() -> file.advise(0, 0, Advice.DONT_NEED)));
      holder.set(writer);
      writer.start();
      quietly(submitted::await);
      AtomicReference<PowerCutVolume.Remains> atReturn = new AtomicReference<>();
      Thread syncer =
          Thread.ofPlatform()
              .start(
                  () ->
                      quietly(
                          () -> {
                            file.sync();
                            atReturn.set(subject.remains());
                          }));
      while (syncer.isAlive() && syncer.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
      // Either it waits for the page, or it is done without it.
      gate.countDown();
      quietly(syncer::join);
      quietly(writer::join);
      return Objects.requireNonNull(atReturn.get());
    }
  }

  private interface Act {
    void run() throws Exception;
  }

  private static void quietly(Act act) {
    try {
      act.run();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aSyncWaitsForPagesThatOthersWriteBack() throws IOException {
    survives(PowerCutTest::syncWhileAnotherWritesBack);
    Mutant.activate(Mutant.R2_FSYNC_SKIPS_WRITEBACK);
    // Without the step a sync still waits for its commit, and may be taken for waiting here.
    boolean noticed = false;
    for (int round = 0; round < 100 && !noticed; round++) {
      try {
        survives(PowerCutTest::syncWhileAnotherWritesBack);
      } catch (AssertionError | IOException e) {
        noticed = true;
      }
    }
    assertThat(noticed).isTrue();
  }

  /** Nothing of the file was ever written back: punching is all that carries its size forward. */
  private static PowerCutVolume.Remains punchAllThatIsDirty(PowerCutVolume subject)
      throws IOException {
    try (OpenFile file = subject.volume().open("/f", CREATE, WRITE)) {
      write(file, 1);
      file.punchHole(0, 8_192);
      file.sync();
      return subject.remains();
    }
  }

  @Test
  void aPunchKeepsTheSizeOfWhatWasNeverWrittenBack() throws IOException {
    survives(0, PowerCutTest::punchAllThatIsDirty);
    Mutant.activate(Mutant.R3_PUNCH_KEEPS_DURABLE_SIZE);
    assertThatThrownBy(() -> survives(0, PowerCutTest::punchAllThatIsDirty))
        .isInstanceOf(AssertionError.class);
  }

  /** The power goes when another file's bytes are on the device and the punch is not durable. */
  private static PowerCutVolume.Remains reuseWhatWasPunched(PowerCutVolume subject)
      throws IOException {
    List<PowerCutVolume.Remains> inside = new CopyOnWriteArrayList<>();
    try (OpenFile file = subject.volume().open("/f", CREATE, WRITE);
        OpenFile other = subject.volume().open("/g", CREATE, WRITE)) {
      write(file, 2);
      subject.volume().sync();
      file.punchHole(0, 8_192);
      write(other, 3);
      subject.watch(
          io -> {
            if (io.op() == Io.Op.FLUSH) {
              inside.add(subject.remains(0));
            }
          });
      other.sync();
      return inside.getFirst();
    }
  }

  @Test
  void aPunchedBlockIsNotReusedBeforeThePunchIsDurable() throws IOException {
    survives(PowerCutTest::reuseWhatWasPunched);
    Mutant.activate(Mutant.R9_FREE_AT_ONCE);
    // The engine's own check of invariant I6 notices first, where checks are on.
    assertThatThrownBy(() -> survives(PowerCutTest::reuseWhatWasPunched))
        .satisfies(
            thrown ->
                assertThat(
                        thrown instanceof AssertionError
                            || String.valueOf(thrown.getMessage()).startsWith("I6 "))
                    .as("%s", thrown)
                    .isTrue());
  }
}
