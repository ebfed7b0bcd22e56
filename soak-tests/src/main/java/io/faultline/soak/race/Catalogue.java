package io.faultline.soak.race;

import io.faultline.engine.runtime.Invariant;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.sim.Explorer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The mutation catalogue: M1 to M28 of SEMANTICS §7.5 and B1 to B28 of VERIFICATION §4, and mutants
 * of invariants that none of those breaks. Each id is either killed by a scenario here, shown to
 * survive where SEMANTICS says that it must, or named with what is missing for it.
 *
 * <p>Where the check of an invariant is faster than anybody who could see a violation, the search
 * is made again with all those checks silenced: what dies by a check only would prove the check and
 * not the harm.
 */
public final class Catalogue {
  /** What is known of one id. */
  public enum Standing {
    /** A scenario kills it; {@link #run} shows that. */
    KILLED,
    /** It must survive, and does in every schedule within the bound. */
    SURVIVES,
    /** Not to be had yet, or not in this engine. */
    WITHOUT
  }

  /**
   * One id.
   *
   * @param broken what is left out
   * @param scenario kills it or shows that it survives
   * @param note what is missing
   */
  public record Entry(
      String id, String broken, Standing standing, Optional<Scenario> scenario, String note) {}

  /**
   * What became of one id.
   *
   * @param held whether it stands as the catalogue says
   * @param schedules until it was killed, or all of them
   * @param text the violation, or why there is none
   * @param killer in a word: an invariant, or the kind of the violation; empty if there is none
   * @param seen the kind of violation that a user sees, with every check of an invariant silenced
   *     where one of those was faster; empty if no user sees any
   */
  public record Row(
      Entry entry, boolean held, long schedules, String text, String killer, String seen) {}

  private static final long SCHEDULES_MAX = 20_000;

  private static final Pattern INVARIANT = Pattern.compile("saw=(I\\d+)_");

  /** Bounds within which a scenario was found to hold, by its name: each is asked once. */
  private static final Map<String, Integer> HOLD = new ConcurrentHashMap<>();

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
    kill(
        "M6",
        "page unlocked at submission",
        Breakages.coldReaders(Omission.of(Mutant.M6_UNLOCKED_AT_SUBMISSION)));
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
        CrashBreakages.reuse(Omission.of(Mutant.R9_FREE_AT_ONCE)));
    survive(
        "M15",
        "no mapping lock in make-writable, against punch (truncate: mkwrite-vs-truncate)",
        Breakages.race("mkwrite-vs-punch", Mutant.R5_STORE_SKIPS_MKWRITE));
    kill(
        "M16",
        "cached mapping not looked up again",
        Breakages.race("writeback-vs-punch", Mutant.M16_MAPPING_BEFORE_WRITEBACK));
    kill(
        "M17",
        "metadata before data",
        CrashBreakages.cutDuringSync(Omission.of(Mutant.M17_METADATA_BEFORE_DATA), false));
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
    kill(
        "M25",
        "unfair lock",
        LockBreakages.fillsBesideWaitingPunch(Omission.of(Mutant.M25_SHARED_PASSES_EXCLUSIVE)));
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
    kill(
        "B3",
        "blocks freed, then evicted",
        LockBreakages.writebackBesidePunch(Omission.of(Mutant.B3_FREE_BEFORE_EVICT)));
    kill(
        "B4",
        "blocks reused before the free is durable",
        CrashBreakages.reuse(Omission.of(Mutant.R9_FREE_AT_ONCE)));
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
    kill(
        "B11",
        "exclusive holder asks its own actor",
        LockBreakages.ownActor(Omission.of(Mutant.B11_BODY_ASKS_ITS_ACTOR)));
    kill(
        "B12",
        "two inodes in the wrong order",
        LockBreakages.twoDirectories(Omission.of(Mutant.B12_INODES_UNORDERED)));
    kill(
        "B13",
        "writers starve",
        LockBreakages.fillsBesideWaitingPunch(Omission.of(Mutant.M25_SHARED_PASSES_EXCLUSIVE)));
    kill(
        "B14",
        "locks leaked on a failure's way out",
        Breakages.refusal(Omission.of(Mutant.R11_FAILURE_LEAKS_LOCKS)));
    kill(
        "B15",
        "size before data",
        Breakages.appendBesideRead(Omission.of(Mutant.B15_SIZE_BEFORE_DATA)));
    kill(
        "B16",
        "conversion before data",
        CrashBreakages.cutDuringSync(Omission.of(Mutant.M17_METADATA_BEFORE_DATA), true));
    kill(
        "B17",
        "reservation lost on punch",
        Breakages.reservation(Omission.of(Mutant.R20_DISCARD_KEEPS_RESERVATION)));
    kill(
        "B18",
        "punch changes the size",
        Breakages.partialPunch(Omission.of(Mutant.B18_PUNCH_CHANGES_SIZE)));
    without("B19", "truncate repeated after a lost reply", "needs requests with sequence numbers");
    kill(
        "B20",
        "fsync hides an earlier writeback error",
        Breakages.earlierError(Omission.of(Mutant.B20_EARLIER_ERROR_HIDDEN)));
    kill("B21", "close syncs", CrashBreakages.close(Omission.of(Mutant.B21_CLOSE_SYNCS)));
    kill(
        "B22",
        "reply before durable",
        CrashBreakages.cutDuringSync(Omission.of(Mutant.B22_REPLY_BEFORE_DURABLE), false));
    kill(
        "B23",
        "apply reads the clock",
        CrashBreakages.replay(Omission.of(Mutant.B23_APPLY_READS_CLOCK)));
    without("B24", "snapshot between event and free", "needs checkpoints");
    kill("B25", "two-inode batch torn", CrashBreakages.rename(Omission.of(Mutant.B25_BATCH_TORN)));
    kill(
        "B26",
        "make-writable without the lock, against collapse",
        Breakages.race("mkwrite-vs-collapse", Mutant.R5_STORE_SKIPS_MKWRITE));
    kill(
        "B27",
        "a page that is not up to date is mapped",
        Breakages.coldReaders(Omission.of(Mutant.B27_UNREAD_PAGE_MAPPED)));
    kill(
        "B28", "log with a gap accepted", CrashBreakages.gap(Omission.of(Mutant.B28_GAP_ACCEPTED)));
    kill(
        "I11",
        "an exclusive request goes before those that are queued",
        LockBreakages.threeExclusives(Omission.of(Mutant.I11_EXCLUSIVE_JUMPS_QUEUE)));
    kill(
        "I14",
        "a freed block does not reach the free pool",
        Breakages.freedBlock(Omission.of(Mutant.I14_FREED_BLOCK_LOST)));
    kill(
        "I12a",
        "a fill while a collapse is half done",
        LockBreakages.readBesideCollapse(Omission.of(Mutant.I12_SHIFT_IN_TWO_STEPS)));
    kill(
        "I12b",
        "writeback while a collapse is half done",
        LockBreakages.writebackBesideCollapse(
            Omission.of(Mutant.R6_DISCARD_SKIPS_BUSY, Mutant.I12_SHIFT_IN_TWO_STEPS)));
  }

  private Catalogue() {}

  private static void kill(String id, String broken, Scenario scenario) {
    ENTRIES.add(new Entry(id, broken, Standing.KILLED, Optional.of(scenario), ""));
  }

  private static void survive(String id, String broken, Scenario scenario) {
    ENTRIES.add(new Entry(id, broken, Standing.SURVIVES, Optional.of(scenario), ""));
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
      return new Row(entry, true, 0, entry.note(), "", "");
    }
    Scenario scenario = entry.scenario().orElseThrow();
    Laboratory.Search search = Laboratory.smallest(scenario, true, SCHEDULES_MAX);
    if (!holdsUntouched(scenario, search.preemptions())) {
      return new Row(entry, false, 0, "the scenario fails without the mutant", "", "");
    }
    if (search.failure().isEmpty()) {
      boolean held = entry.standing() == Standing.SURVIVES;
      return new Row(entry, held, search.schedules(), "survives every schedule", "", "");
    }
    RaceViolation violation = RaceViolation.of(search.failure().orElseThrow());
    String killer = killer(violation);
    String seen = killer.equals(violation.kind()) ? killer : seen(scenario);
    boolean held = entry.standing() == Standing.KILLED && !seen.isEmpty();
    return new Row(entry, held, search.schedules(), violation.line(), killer, seen);
  }

  /** With nothing left out, in every schedule of the bound within which something was seen. */
  private static boolean holdsUntouched(Scenario scenario, int preemptions) {
    if (HOLD.getOrDefault(scenario.name(), -1) >= preemptions) {
      return true;
    }
    Explorer.Result sound =
        Laboratory.explore(scenario, false, new Explorer.Options(preemptions, SCHEDULES_MAX, true));
    boolean holds = sound.failure().isEmpty() && sound.complete();
    if (holds) {
      HOLD.put(scenario.name(), preemptions);
    }
    return holds;
  }

  private static String killer(RaceViolation violation) {
    Matcher invariant = INVARIANT.matcher(violation.line());
    return violation.kind().equals("invariant") && invariant.find()
        ? invariant.group(1)
        : violation.kind();
  }

  /** What a user sees where no check of an invariant is faster. */
  private static String seen(Scenario scenario) {
    Invariant.silence(true);
    try {
      return Laboratory.smallest(scenario, true, SCHEDULES_MAX)
          .failure()
          .map(failure -> RaceViolation.of(failure).kind())
          .orElse("");
    } finally {
      Invariant.silence(false);
    }
  }
}
