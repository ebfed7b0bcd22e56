package io.faultline.soak.race.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.lock.Guard;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.sim.Schedule;
import io.faultline.soak.race.Laboratory;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Goal: a random search holds on the engine as it is, finds what is wrong with one that is not, and
 * what it finds can be run again. Method: seeds with and without a step of the engine.
 */
@Tag("simulation")
class SearchTest {
  private static final int SEEDS = 100;
  private static final int SEEDS_DEEP = 2_000;

  /** A punch throws the newest bytes away; an fsync finds nothing dirty; the power goes. */
  private static final String FSYNC_BESIDE_PUNCH =
      """
      s write 0 0 4096
      s fsync 0
      s write 0 0 4096
      0 punch 0 0 4096
      1 fsync 0
      1 cut 0
      """;

  /** The same for the size: a truncate throws away what would have raised the durable one. */
  private static final String SYNC_BESIDE_TRUNCATE =
      """
      s write 0 4096 4096
      0 truncate 0 4096
      1 sync
      1 cut 0
      """;

  /** The destroyer holds a page of its own, behind some that nobody holds. */
  private static final String FSYNC_BESIDE_PUNCH_INSIDE =
      """
      s write 0 0 12288
      s fsync 0
      s write 0 4096 4096
      0 punch 0 4096 4096
      1 fsync 0
      1 cut 0
      """;

  /** A store reaches the dirty edge after it was zeroed, and is written back before the check. */
  private static final String STORE_BESIDE_EDGE =
      """
      s write 0 0 8192
      s fsync 0
      s store 0 0 4096
      0 store 0 0 4096
      0 drop-caches
      1 punch 0 3584 4096
      """;

  /** What a search cannot show: why is said at each. */
  private static final Set<Mutant> NOT_BY_CHANCE =
      EnumSet.of(
          // A queued device, writeback by another client and a cut in one short window.
          Mutant.R2_FSYNC_SKIPS_WRITEBACK,
          Mutant.R2_FSYNC_SKIPS_FLUSH,
          // A copy is one step of a simulation: it cannot be torn, by a read or another write.
          Mutant.R6_WRITE_KEEPS_VERSION,
          Mutant.WRITE_RANGE_ENDS_EARLY,
          // Shown only without the guard too.
          Mutant.R7_LOOKUP_BEFORE_INSERT,
          Mutant.M11_SIZE_AFTER_EVICT,
          // Refused space is no violation, and that no frame is left takes 256 pages.
          Mutant.R20_NO_COMMIT_BEFORE_ENOSPC,
          Mutant.R21_NO_FRAME_RESERVE,
          // No command fails behind its allocation without a failing device; no device here fails.
          Mutant.R23_REFUSED_BLOCKS_KEPT,
          Mutant.M28_FAILED_READ_IS_UPTODATE,
          // All is synced before the volume is closed.
          Mutant.R24_CLOSE_DOES_NOT_SYNC,
          // No file is closed in a program, no name changes, no two inodes are in one operation.
          Mutant.B12_INODES_UNORDERED,
          Mutant.UNLINK_ENDS_OPEN_FILE,
          Mutant.B21_CLOSE_SYNCS,
          Mutant.B25_BATCH_TORN,
          // No device here fails, so no error is hidden; no log here lacks a record.
          Mutant.B20_EARLIER_ERROR_HIDDEN,
          Mutant.B28_GAP_ACCEPTED,
          // It costs extents and breaks nothing.
          Mutant.ALLOCATION_WITHOUT_WINDOW,
          // No interval ends in a program.
          Mutant.R24_INTERVAL_SKIPS_DESTROYER,
          Mutant.FRAMES_WAIT_FOR_COMMIT,
          // A sync between a destroyer's discard and its event, then a cut: one seed in thousands.
          Mutant.R2_FSYNC_SKIPS_DESTROYER,
          // The guard here is the lock of the whole file.
          Mutant.RANGE_NARROWED,
          // A program has fewer pages than a cache has frames, and a choice of victims is never
          // wrong.
          Mutant.DIRTY_PAGES_UNLIMITED,
          Mutant.WRITERS_WAIT_FOR_EVER,
          Mutant.SCANS_REACH_MAIN,
          Mutant.CLEANED_PAGE_LOST,
          Mutant.SETS_TAKE_NO_TURNS);

  @BeforeAll
  static void begin() {
    Laboratory.begin();
  }

  private static Search search(int clients, Guard guard, Mutant... mutants) {
    return new Search(new Search.Options(clients, guard, Set.of(mutants)));
  }

  private static void assertHeld(Search search, Optional<Search.Found> found) {
    assertThat(found.map(f -> f.violation().line() + "\nseed " + f.seed())).isEmpty();
    assertThat(search.open()).isZero();
    assertThat(search.distinctTraces()).isGreaterThanOrEqualTo(search.runs() * 95 / 100);
  }

  @Test
  void theEngineHoldsAndNoKindOfOperationIsForgotten() {
    Search search = search(3, Guard.MAPPING_LOCK);
    assertHeld(search, search.seeds(0, SEEDS));
    for (Act act : Act.values()) {
      assertThat(search.audit().made(act)).as("%s", act).isPositive();
    }
    for (Act act : EnumSet.of(Act.READ, Act.LOAD, Act.STORE, Act.WRITE, Act.ADVISE)) {
      assertThat(search.audit().beside(act, Act.PUNCH) + search.audit().beside(act, Act.TRUNCATE))
          .as("%s beside a destroyer", act)
          .isPositive();
    }
  }

  @Test
  void eightClientsAndReadsUnderTheIoLockHoldToo() {
    Search eight = search(8, Guard.MAPPING_LOCK);
    assertHeld(eight, eight.seeds(0, 10));
    Search reads = search(2, Guard.READS_UNDER_IO_LOCK);
    assertHeld(reads, reads.seeds(0, 10));
  }

  @Test
  void locksOfRangesHoldToo() {
    Search ranges = search(3, Guard.RANGE_LOCK);
    assertHeld(ranges, ranges.seeds(0, 40));
  }

  /** Seed 7690 of three clients found it. */
  @ParameterizedTest
  @EnumSource(names = {"MAPPING_LOCK", "RANGE_LOCK"})
  void aSyncWaitsForADestroyerThatTookDirtyPages(Guard guard) {
    for (String text :
        List.of(FSYNC_BESIDE_PUNCH, SYNC_BESIDE_TRUNCATE, FSYNC_BESIDE_PUNCH_INSIDE)) {
      Program program = Program.parse(text);
      assertThat(search(2, guard, Mutant.R2_FSYNC_SKIPS_DESTROYER).schedules(program, 200))
          .as(text)
          .isPresent();
      assertThat(search(2, guard).schedules(program, 200)).as(text).isEmpty();
    }
  }

  @Test
  void aSeedIsARun() {
    Search first = search(3, Guard.NONE);
    Search second = search(3, Guard.NONE);
    Optional<Search.Found> found = first.seeds(0, SEEDS);
    assertThat(second.seeds(0, SEEDS).map(SearchTest::text)).isEqualTo(found.map(SearchTest::text));
    assertThat(first.lastTrace()).isNotEmpty().isEqualTo(second.lastTrace());
  }

  private static String text(Search.Found found) {
    return found.seed() + found.violation().line() + found.schedule() + found.trace();
  }

  @Test
  void withoutTheGuardASmallProgramShowsItAndCanBeRunAgain() {
    Search search = search(3, Guard.NONE);
    Search.Found found = search.seeds(0, SEEDS_DEEP).orElseThrow();
    Search.Found small = search.shrink(found);
    assertThat(small.program().ops().size()).isLessThan(found.program().ops().size());
    assertThat(small.program().ops()).hasSizeLessThanOrEqualTo(6);
    assertThat(small.program().clients()).hasSize(2);

    Program read = Program.parse(small.program().text());
    Schedule schedule = Schedule.parse(small.schedule().toString());
    Search.Found again = search(2, Guard.NONE).replay(read, schedule).orElseThrow();
    assertThat(again.violation().line()).isEqualTo(small.violation().line());
    assertThat(again.trace()).isEqualTo(small.trace());
    assertThat(search(2, Guard.MAPPING_LOCK).schedules(read, 50)).isEmpty();
    Schedule foreign = Schedule.parse("99");
    assertThatThrownBy(() -> search(2, Guard.NONE).replay(read, foreign))
        .isInstanceOf(Schedule.MisfitException.class);
  }

  /** Seed 13137 of three clients found that the engine's own check of I15 forbade this. */
  @Test
  void aStoreBehindTheZeroingOfItsEdgeIsNoSurvivor() {
    assertThat(search(2, Guard.MAPPING_LOCK).schedules(Program.parse(STORE_BESIDE_EDGE), 100))
        .isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      value = Mutant.class,
      names = {
        "R1_SIZE_SAMPLED_BEFORE_COPY",
        "R6_DISCARD_SKIPS_BUSY",
        "B5_EDGES_NOT_ZEROED",
        "M26_EVICTS_DIRTY",
        "R9_FREE_AT_ONCE",
        "R20_DISCARD_KEEPS_RESERVATION"
      })
  void aMissingStepIsFound(Mutant mutant) {
    assertThat(search(3, Guard.MAPPING_LOCK, mutant).seeds(0, SEEDS_DEEP)).isPresent();
  }

  /** Prints what the search alone finds, in one line per step left out. */
  @Test
  @Tag("deep")
  void mostMissingStepsAreFoundByChanceAlone() {
    Set<Mutant> found = EnumSet.noneOf(Mutant.class);
    for (Mutant mutant : Mutant.values()) {
      Search search = search(3, Guard.MAPPING_LOCK, mutant);
      Optional<Search.Found> one = search.seeds(0, SEEDS_DEEP);
      one.ifPresent(f -> found.add(mutant));
      System.out.printf(
          "%-30s %5d seeds  %s%n",
          mutant, search.runs(), one.map(f -> f.violation().line()).orElse("not found"));
    }
    System.out.printf("%d of %d found%n", found.size(), Mutant.values().length);
    assertThat(EnumSet.complementOf(EnumSet.copyOf(found))).isSubsetOf(NOT_BY_CHANCE);
  }
}
