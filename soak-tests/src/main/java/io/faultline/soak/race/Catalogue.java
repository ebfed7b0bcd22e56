package io.faultline.soak.race;

import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.sim.Explorer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The mutation catalogue: M1 to M28 of SEMANTICS §7.5 and B1 to B28 of VERIFICATION §4. Each id is
 * either killed by a scenario here, shown to survive where SEMANTICS says that it must, killed by a
 * test that no scenario can replace, or named with what is missing for it.
 */
public final class Catalogue {
  /** What is known of one id. */
  public enum Standing {
    /** A scenario kills it; {@link #run} shows that. */
    KILLED,
    /** It must survive, and does in every schedule within the bound. */
    SURVIVES,
    /** A test of the suite kills it. */
    BY_TEST,
    /** Not to be had yet, or not in this engine. */
    WITHOUT
  }

  /**
   * One id.
   *
   * @param broken what is left out
   * @param scenario kills it or shows that it survives
   * @param note the test, or what is missing
   */
  public record Entry(
      String id, String broken, Standing standing, Optional<Scenario> scenario, String note) {}

  /**
   * What became of one id.
   *
   * @param held whether it stands as the catalogue says
   * @param schedules until it was killed, or all of them
   * @param text the violation, or why there is none
   */
  public record Row(Entry entry, boolean held, long schedules, String text) {}

  private static final long SCHEDULES_MAX = 20_000;

  private static final List<Entry> ENTRIES = new ArrayList<>();

  static {
    kill(
        "M1",
        "no mapping lock in a demanded fill",
        Breakages.race("punch-vs-read", Mutant.M1_FILL_WITHOUT_LOCK));
    without(
        "M2",
        "no mapping lock where a page is brought up to date",
        "a page whose fill failed leaves the table: there is none to bring up to date");
    kill(
        "M3",
        "no mapping lock in readahead",
        Breakages.race("punch-vs-advise", Mutant.M3_READAHEAD_WITHOUT_LOCK));
    kill(
        "M4",
        "no mapping lock in a fault",
        Breakages.race("punch-vs-store", Mutant.M4_FAULT_WITHOUT_LOCK));
    kill(
        "M5",
        "mapping lock given back before the page is inserted",
        Breakages.race("punch-vs-read", Mutant.M5_LOCK_DROPPED_BEFORE_INSERT));
    without("M6", "page unlocked at submission", "no switch yet");
    kill(
        "M7",
        "eviction before the lock only",
        Breakages.cachedPunch(Omission.of(Mutant.M7_EVICT_BEFORE_LOCK)));
    kill(
        "M8",
        "eviction does not wait for busy pages",
        Breakages.race("punch-vs-read", Mutant.R6_DISCARD_SKIPS_BUSY));
    kill(
        "M9",
        "no second look at the size",
        Breakages.race("truncate-vs-size-sample", Mutant.R1_SIZE_SAMPLED_BEFORE_COPY));
    kill(
        "M10",
        "no look at the size under the page's lock",
        Breakages.race("truncate-vs-store", Mutant.R4_STORE_PAST_SIZE));
    kill(
        "M11",
        "isize lowered after the eviction (shown without the guard, which alone would do)",
        Breakages.race(
            "truncate-vs-late-lookup", Omission.ofTheGuardAnd(Mutant.M11_SIZE_AFTER_EVICT)));
    without("M12", "direct I/O counted down too early", "needs direct I/O");
    without("M13", "no second invalidation", "needs direct I/O");
    kill(
        "M14",
        "freed blocks reusable before the commit",
        Breakages.race("punch-vs-read-reuse", Mutant.R9_FREE_AT_ONCE));
    survive(
        "M15",
        "no mapping lock in make-writable, against punch (truncate: mkwrite-vs-truncate)",
        Breakages.race("mkwrite-vs-punch", Mutant.R5_STORE_SKIPS_MKWRITE));
    kill(
        "M16",
        "cached mapping not looked up again",
        Breakages.race("writeback-vs-punch", Mutant.M16_MAPPING_BEFORE_WRITEBACK));
    byTest("M17", "metadata before data", "JournalTest (PERSIST_BEFORE_FLUSH)");
    without("M18", "clone locks in the order of its arguments", "needs clone");
    kill(
        "M19",
        "mapping lock shared taken twice",
        Breakages.race("punch-vs-read", Mutant.M19_NESTED_SHARED));
    kill(
        "M20",
        "durable size not clamped",
        Breakages.race("writeback-vs-truncate", Mutant.R3_DURABLE_SIZE_UNCLAMPED));
    without("M21", "zone reset without eviction", "needs the zonefs layout");
    without("M22", "write pointer advanced at completion", "needs the zonefs layout");
    kill(
        "M23",
        "zeroed edge not written",
        Breakages.cutAndGrow(Omission.of(Mutant.R4_EDGE_NOT_WRITTEN), 100));
    without("M24", "straddling page not write-protected", "block = page (rule R22)");
    byTest("M25", "unfair lock", "PhaseFairLockSimulationTest");
    kill(
        "M26",
        "clean-up evicts dirty pages",
        Breakages.cleanUp(Omission.of(Mutant.M26_EVICTS_DIRTY)));
    without("M27", "remount read-only grows the size", "needs the zonefs layout");
    kill(
        "M28",
        "a failed read marks its page up to date",
        Breakages.failedAdvice(Omission.of(Mutant.M28_FAILED_READ_IS_UPTODATE)));
    kill("B1", "punch lets fills in", Breakages.race("punch-vs-read", Omission.ofTheGuard()));
    kill(
        "B2",
        "advice forgets the shared hold",
        Breakages.race("punch-vs-advise", Mutant.M3_READAHEAD_WITHOUT_LOCK));
    without("B3", "blocks freed, then evicted", "no switch yet");
    kill(
        "B4",
        "blocks reused before the free is durable",
        Breakages.race("punch-vs-read-reuse", Mutant.R9_FREE_AT_ONCE));
    kill(
        "B5",
        "partial head or tail not zeroed",
        Breakages.partialPunch(Omission.of(Mutant.B5_EDGES_NOT_ZEROED)));
    kill(
        "B6",
        "dirty page dropped outside the range",
        Breakages.partialPunch(Omission.of(Mutant.B6_DISCARD_ROUNDS_OUT)));
    kill(
        "B7",
        "writeback with a mapping from before the punch",
        Breakages.race("writeback-vs-punch", Mutant.M16_MAPPING_BEFORE_WRITEBACK));
    kill(
        "B8",
        "truncate down and up shows old bytes",
        Breakages.cutAndGrow(Omission.of(Mutant.R4_EDGE_NOT_WRITTEN), 100));
    kill(
        "B9",
        "truncate leaves the cache",
        Breakages.cutAndGrow(Omission.of(Mutant.B9_TRUNCATE_KEEPS_CACHE), RaceVolume.PAGE));
    kill(
        "B10",
        "a cold read finds the old extent",
        Breakages.cachedPunch(Omission.of(Mutant.B10_OLD_MAPPING_AFTER_PUNCH)));
    without(
        "B11",
        "exclusive holder asks its own actor",
        "no switch yet; R12_BODY_IN_TURN is killed by SimulatedMutantsTest");
    byTest("B12", "two inodes in the wrong order", "NamespaceConcurrencyTest (NO_RENAME_LOCK)");
    byTest("B13", "writers starve", "PhaseFairLockSimulationTest");
    kill(
        "B14",
        "locks leaked on a failure's way out",
        Breakages.refusal(Omission.of(Mutant.R11_FAILURE_LEAKS_LOCKS)));
    kill(
        "B15",
        "size before data",
        Breakages.appendBesideRead(Omission.of(Mutant.B15_SIZE_BEFORE_DATA)));
    byTest("B16", "conversion before data", "JournalTest (PERSIST_BEFORE_FLUSH)");
    kill(
        "B17",
        "reservation lost on punch",
        Breakages.reservation(Omission.of(Mutant.R20_DISCARD_KEEPS_RESERVATION)));
    kill(
        "B18",
        "punch changes the size",
        Breakages.partialPunch(Omission.of(Mutant.B18_PUNCH_CHANGES_SIZE)));
    without("B19", "truncate repeated after a lost reply", "needs requests with sequence numbers");
    without(
        "B20",
        "fsync hides an earlier writeback error",
        "no switch yet; MediaFailureTest asks for the error");
    without("B21", "close syncs", "no switch yet");
    byTest("B22", "reply before durable", "JournalTest (COMPLETE_BEFORE_DURABLE)");
    without("B23", "apply reads the clock", "ArchitectureTest forbids the call");
    without("B24", "snapshot between event and free", "needs checkpoints");
    without("B25", "two-inode frame torn", "no switch yet; one record holds a transaction");
    kill(
        "B26",
        "make-writable without the lock, against collapse",
        Breakages.race("mkwrite-vs-collapse", Mutant.R5_STORE_SKIPS_MKWRITE));
    without("B27", "a page that is not up to date is mapped", "no switch yet");
    byTest("B28", "log with a gap accepted", "SegmentLogTest");
  }

  private Catalogue() {}

  private static void kill(String id, String broken, Scenario scenario) {
    ENTRIES.add(new Entry(id, broken, Standing.KILLED, Optional.of(scenario), ""));
  }

  private static void survive(String id, String broken, Scenario scenario) {
    ENTRIES.add(new Entry(id, broken, Standing.SURVIVES, Optional.of(scenario), ""));
  }

  private static void byTest(String id, String broken, String test) {
    ENTRIES.add(new Entry(id, broken, Standing.BY_TEST, Optional.empty(), test));
  }

  private static void without(String id, String broken, String why) {
    ENTRIES.add(new Entry(id, broken, Standing.WITHOUT, Optional.empty(), why));
  }

  /** All ids in order. */
  public static List<Entry> entries() {
    return List.copyOf(ENTRIES);
  }

  /** Shows that one id stands as the catalogue says. */
  public static Row run(Entry entry) {
    if (entry.scenario().isEmpty()) {
      return new Row(entry, true, 0, entry.note());
    }
    Scenario scenario = entry.scenario().orElseThrow();
    Explorer.Result sound =
        Laboratory.explore(
            scenario, false, new Explorer.Options(Laboratory.PREEMPTIONS, SCHEDULES_MAX, true));
    if (sound.failure().isPresent()) {
      return new Row(entry, false, sound.schedules(), "the scenario fails without the mutant");
    }
    Laboratory.Search search = Laboratory.smallest(scenario, true, SCHEDULES_MAX);
    Standing found = search.failure().isPresent() ? Standing.KILLED : Standing.SURVIVES;
    String text =
        search
            .failure()
            .map(failure -> RaceViolation.of(failure).line())
            .orElse("survives every schedule");
    return new Row(entry, entry.standing() == found, search.schedules(), text);
  }
}
