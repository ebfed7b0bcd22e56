package io.faultline.soak.failure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.Errno;
import io.faultline.ErrnoException;
import io.faultline.FailingVolume;
import io.faultline.engine.device.FailurePlan;
import io.faultline.engine.device.FailurePlan.Failure;
import io.faultline.engine.device.FailurePlan.Kind;
import io.faultline.engine.runtime.Mutant;
import io.faultline.soak.model.OpLine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Goal: whichever request fails, the error reaches whoever it belongs to, nothing is leaked, others
 * go on, and the next opening finds a state that the model knows. Method: every scenario is run
 * with its 1st, 2nd, 3rd ... request of a kind failing, once or from then on, until it completes
 * untouched (SQLite's anomaly loop).
 */
@Timeout(300)
class AnomalyLoopTest {
  private static final long SIZE_BYTES = 1L << 20;

  /** More requests of one kind than any scenario makes. */
  private static final int REQUESTS_MAX = 200;

  /** Which requests fail and how. */
  enum Spot {
    IMAGE_READ(Kind.READ_ERROR, true, false),
    IMAGE_WRITE(Kind.WRITE_ERROR, true, false),
    IMAGE_FULL(Kind.NO_SPACE, true, false),
    IMAGE_TORN(Kind.TORN_WRITE, true, false),
    IMAGE_FLUSH(Kind.FLUSH_ERROR, true, true),
    JOURNAL_WRITE(Kind.WRITE_ERROR, false, true),
    JOURNAL_FULL(Kind.NO_SPACE, false, true),
    JOURNAL_TORN(Kind.TORN_WRITE, false, true),
    JOURNAL_SYNC(Kind.FLUSH_ERROR, false, true);

    final Kind kind;
    final boolean image;

    /** Whether the volume takes no change afterwards (rule R13). */
    final boolean fatal;

    Spot(Kind kind, boolean image, boolean fatal) {
      this.kind = kind;
      this.image = image;
      this.fatal = fatal;
    }

    /** What changes as a whole. */
    int unit() {
      return this == IMAGE_TORN ? 512 : 4096;
    }
  }

  private static final Set<AnomalyScenario> DONE = EnumSet.noneOf(AnomalyScenario.class);
  private static final Set<Spot> FAILED = EnumSet.noneOf(Spot.class);

  /** A loop that ends at its first round has tested nothing. */
  @AfterAll
  static void everyKindOfRequestFailedSomewhere() {
    if (DONE.size() == AnomalyScenario.values().length) {
      assertThat(FAILED).containsExactlyInAnyOrder(Spot.values());
    }
  }

  @AfterEach
  void noMutantStays() {
    Mutant.activate();
  }

  @ParameterizedTest
  @EnumSource
  void whicheverRequestFails(AnomalyScenario scenario) throws IOException {
    for (Spot spot : Spot.values()) {
      loop(scenario, spot);
    }
    DONE.add(scenario);
  }

  private static void loop(AnomalyScenario scenario, Spot spot) throws IOException {
    for (boolean sticky : new boolean[] {false, true}) {
      int n = 1;
      while (new Run(scenario, spot, sticky, n).failed()) {
        FAILED.add(spot);
        n++;
        assertThat(n).isLessThan(REQUESTS_MAX);
      }
    }
  }

  /** Negative controls: one for each thing that is looked at. */
  @ParameterizedTest
  @CsvSource({
    "M28_FAILED_READ_IS_UPTODATE, READAHEAD, IMAGE_READ, I2",
    "B18_PUNCH_CHANGES_SIZE, PUNCH_WITH_EDGES, IMAGE_READ, /f has",
    "R9_FREE_AT_ONCE, PUNCH_WITH_EDGES, JOURNAL_SYNC, I6"
  })
  void anOmittedStepIsNoticed(Mutant mutant, AnomalyScenario scenario, Spot spot, String word) {
    Mutant.activate(mutant);
    assertThatThrownBy(() -> loop(scenario, spot))
        .isInstanceOfAny(AssertionError.class, RuntimeException.class)
        .hasMessageContaining(word);
  }

  /** The control of the remaining one: a lock that stays held would end in a wait without end. */
  @Test
  void aHeldLockIsNoticed() throws IOException {
    FailurePlan none = new FailurePlan(0);
    try (FailingVolume volume = FailingVolume.create(SIZE_BYTES, none, none)) {
      AnomalyScenario.WRITE_AND_FSYNC.carryOut(volume.volume(), OpLine.parse("write /f 0 5000 65"));
      assertThat(volume.leaks()).isEmpty();
      assertThat(volume.leaksWhileLocked()).singleElement().asString().startsWith("held: ");
      assertThat(volume.leaks()).isEmpty();
    }
  }

  /** One volume, one failure. */
  private static final class Run {
    private final AnomalyScenario scenario;
    private final Spot spot;
    private final String name;
    private final FailurePlan image;
    private final FailurePlan journal;
    private final FailurePlan plan;
    private final Failure failure;
    private final boolean powerCut;

    private final List<OpLine> acknowledged = new ArrayList<>();
    private final List<Errno> errors = new ArrayList<>();

    /** As many lines are durable: they and a sync behind them were acknowledged. */
    private int durable;

    Run(AnomalyScenario scenario, Spot spot, boolean sticky, int n) {
      this.scenario = scenario;
      this.spot = spot;
      this.name = scenario + ", " + spot + " " + n + (sticky ? " and all later" : "");
      this.image = new FailurePlan(n);
      this.journal = new FailurePlan(n);
      this.plan = spot.image ? image : journal;
      this.failure = sticky ? Failure.from(spot.kind, n) : Failure.once(spot.kind, n);
      this.powerCut = n % 2 == 0;
    }

    /** Does everything; whether there was a request that failed. */
    boolean failed() throws IOException {
      FailingVolume volume = FailingVolume.create(SIZE_BYTES, image, journal);
      for (OpLine line : AnomalyScenario.PRELUDE) {
        AnomalyScenario.WRITE_AND_FSYNC.carryOut(volume.volume(), line);
      }
      plan.add(failure);
      for (OpLine line : scenario.body()) {
        carryOut(volume, line);
      }
      plan.clear();
      boolean hit = !plan.injected().isEmpty();
      errorsAreRight(volume, hit);
      assertThat(volume.leaks()).as(name).isEmpty();
      assertThat(legal(0).wrong(LegalStates.files(volume.volume()))).as(name).isEmpty();
      if (!hit) {
        assertThat(durable).as(name).isEqualTo(scenario.body().size());
      }
      boolean goesOn = !volume.volume().status().readOnly();
      if (goesOn) {
        othersGoOn(volume);
      }
      FailingVolume.Remains remains = volume.remains(!powerCut);
      try {
        volume.close();
      } catch (ErrnoException e) {
        assertThat(hit).as(name).isTrue();
        assertThat(e.errno()).as(name).isEqualTo(Errno.EIO);
      }
      recovers(remains, goesOn);
      return hit;
    }

    private void carryOut(FailingVolume volume, OpLine line) throws IOException {
      try {
        scenario.carryOut(volume.volume(), line);
        acknowledged.add(line);
        if (errors.isEmpty() && (line instanceof OpLine.Sync || line instanceof OpLine.Fsync)) {
          durable = acknowledged.size();
        }
      } catch (ErrnoException e) {
        errors.add(e.errno());
      }
    }

    private void errorsAreRight(FailingVolume volume, boolean hit) throws IOException {
      if (!hit) {
        assertThat(errors).as(name).isEmpty();
        return;
      }
      // Readahead tells nobody; everything else that fails is told before the last sync is over.
      if (spot != Spot.IMAGE_READ) {
        assertThat(errors).as(name).isNotEmpty();
      }
      if (!errors.isEmpty()) {
        assertThat(errors.getFirst()).as(name).isEqualTo(Errno.EIO);
      }
      assertThat(errors).as(name).allMatch(e -> e == Errno.EIO || (spot.fatal && e == Errno.EROFS));
      assertThat(volume.volume().status().readOnly()).as(name).isEqualTo(spot.fatal);
    }

    /** What the model allows, with or without what failed, from line {@code from} on. */
    private LegalStates legal(int from) {
      List<Map<String, byte[]>> all = LegalStates.after(AnomalyScenario.PRELUDE, scenario.body());
      List<Map<String, byte[]>> states = new ArrayList<>(all.subList(from, all.size()));
      if (!errors.isEmpty()) {
        addFrom(from, acknowledged, states);
        // What was written and could not be written back is lost, but not the file.
        addFrom(from, scenario.body().stream().map(Run::withoutData).toList(), states);
      }
      return new LegalStates(states, spot.unit());
    }

    private static void addFrom(int from, List<OpLine> lines, List<Map<String, byte[]>> states) {
      List<Map<String, byte[]>> some = LegalStates.after(AnomalyScenario.PRELUDE, lines);
      states.addAll(some.subList(Math.min(from, some.size() - 1), some.size()));
    }

    private static OpLine withoutData(OpLine line) {
      return line instanceof OpLine.Write write ? new OpLine.Create(write.path()) : line;
    }

    private static final OpLine OTHER = OpLine.parse("write /other 0 5000 69");

    private void othersGoOn(FailingVolume volume) throws IOException {
      AnomalyScenario any = AnomalyScenario.WRITE_AND_FSYNC;
      any.carryOut(volume.volume(), OTHER);
      any.carryOut(volume.volume(), OpLine.parse("fsync /other"));
      assertThat(volume.leaks()).as(name).isEmpty();
    }

    private void recovers(FailingVolume.Remains remains, boolean otherWritten) throws IOException {
      try (FailingVolume again = remains.open(new FailurePlan(0), new FailurePlan(0))) {
        assertThat(again.leaks()).as(name + ", recovered").isEmpty();
        Map<String, byte[]> files = LegalStates.files(again.volume());
        byte[] other = Objects.requireNonNull(files.remove("/other"));
        assertThat(other).as(name).hasSize(5_000).containsOnly(otherWritten ? 69 : 68);
        List<Map<String, byte[]>> states = legal(durable).states();
        states.forEach(state -> state.remove("/other"));
        assertThat(new LegalStates(states, spot.unit()).wrong(files))
            .as(name + ", recovered")
            .isEmpty();
      }
    }
  }

  /** Recovery itself: it succeeds or fails with one error, and the next one finds everything. */
  @Test
  void whicheverRequestOfARecoveryFails() throws IOException {
    FailurePlan none = new FailurePlan(0);
    FailingVolume before = FailingVolume.create(SIZE_BYTES, none, none);
    for (OpLine line : AnomalyScenario.PRELUDE) {
      AnomalyScenario.WRITE_AND_FSYNC.carryOut(before.volume(), line);
    }
    // An orphan, so that recovery has something to write.
    var open = before.volume().open("/h");
    before.volume().unlink("/h");
    before.volume().sync();
    Map<String, byte[]> expected = LegalStates.files(before.volume());
    FailingVolume.Remains remains = before.remains(false);
    open.close();
    before.close();

    int failures = 0;
    for (Kind kind : List.of(Kind.READ_ERROR, Kind.WRITE_ERROR, Kind.NO_SPACE, Kind.FLUSH_ERROR)) {
      for (boolean image : new boolean[] {false, true}) {
        for (int n = 1; ; n++) {
          FailurePlan plan = new FailurePlan(n).add(Failure.once(kind, n));
          String name = kind + " " + n + (image ? " of the image" : " of the journal");
          try (FailingVolume volume = remains.open(image ? plan : none, image ? none : plan)) {
            assertThat(volume.leaks()).as(name).isEmpty();
          } catch (ErrnoException e) {
            assertThat(e.errno()).as(name).isEqualTo(Errno.EIO);
            assertThat(plan.injected()).as(name).isNotEmpty();
          }
          if (plan.injected().isEmpty()) {
            break;
          }
          failures++;
          assertThat(n).isLessThan(REQUESTS_MAX);
          try (FailingVolume again = remains.open(none, none)) {
            assertThat(again.leaks()).as(name).isEmpty();
            assertThat(
                    new LegalStates(List.of(expected), 4096)
                        .wrong(LegalStates.files(again.volume())))
                .as(name)
                .isEmpty();
          }
        }
      }
    }
    assertThat(failures).isGreaterThan(3);
  }
}
