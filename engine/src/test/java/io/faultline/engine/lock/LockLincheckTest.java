package io.faultline.engine.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt.forClasses;

import java.util.concurrent.locks.LockSupport;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Options;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Goal: {@link PhaseFairLock}, {@link WriteRangeLock} and {@link MappingRangeLock} exclude whom
 * they must and grant everybody in the end, in every schedule that Lincheck tries. Method: what the
 * locks guard is plain memory of two words, so a broken exclusion makes a result no sequential
 * order explains; a lost wake-up is a schedule in which nobody can go on, and Lincheck reports that
 * too. Operations take and give back within themselves: a hold across operations would make the end
 * of a scenario a deadlock. A try that may fail has no one answer to compare (it fails while
 * another try is about to back out), so a failed one goes on to wait.
 */
@Tag("lincheck")
@Timeout(900)
class LockLincheckTest {
  @AfterEach
  void noMutantStays() {
    LockMutant.use(LockMutant.NONE);
  }

  /** Two words that only change together, under each way to take the lock. */
  public static class Guarded {
    private final MappingLock lock = new MappingLock(1, new LockCounters());
    private int left;
    private int right;

    private int both() {
      return left == right ? left : -1;
    }

    private int add() {
      left++;
      right++;
      return both();
    }

    @Operation
    public int readShared() {
      lock.lockShared();
      int seen = both();
      lock.unlockShared();
      return seen;
    }

    @Operation
    public int tryReadShared() {
      if (!lock.tryLockShared()) {
        lock.lockShared();
      }
      int seen = both();
      lock.unlockShared();
      return seen;
    }

    @Operation
    public int addExclusive() {
      lock.lockExclusive();
      int seen = add();
      lock.unlockExclusive();
      return seen;
    }

    @Operation
    public int tryAddExclusive() {
      if (!lock.tryLockExclusive()) {
        lock.lockExclusive();
      }
      int seen = add();
      lock.unlockExclusive();
      return seen;
    }

    /** The grant works and releases on whichever thread hands over; the asker waits for it. */
    @Operation
    public int addWhenGranted() {
      Grant grant = new Grant(Thread.currentThread());
      lock.lockExclusiveAsync(
          () -> {
            LockOrder.adopt(LockRank.MAPPING, 1);
            int seen = add();
            lock.unlockExclusive();
            grant.seen = seen;
            LockSupport.unpark(grant.asker);
          });
      while (grant.seen == 0) {
        LockSupport.park();
      }
      return grant.seen;
    }
  }

  private static final class Grant {
    private final Thread asker;
    private volatile int seen;

    Grant(Thread asker) {
      this.asker = asker;
    }
  }

  /** What {@link Guarded} is without anybody beside. */
  public static class Counter {
    private int value;

    public int readShared() {
      return value;
    }

    public int tryReadShared() {
      return value;
    }

    public int addExclusive() {
      return ++value;
    }

    public int tryAddExclusive() {
      return ++value;
    }

    public int addWhenGranted() {
      return ++value;
    }
  }

  /** Three pages; a write puts one value into all pages of its range. */
  @Param(name = "from", gen = IntGen.class, conf = "0:1")
  @Param(name = "pages", gen = IntGen.class, conf = "1:2")
  public static class Ranges {
    private final WriteRangeLock lock = new WriteRangeLock(1);
    private final int[] page = new int[3];

    /** Pages at the end of a range that the lock is not told of. */
    int forgotten() {
      return 0;
    }

    /** What each page of the range holds after one was added to it, as one number. */
    @Operation
    public int add(@Param(name = "from") int from, @Param(name = "pages") int pages) {
      long handle = lock.lock(from, Math.max(from + 1, from + pages - forgotten()));
      int seen = addTo(page, from, from + pages);
      lock.unlock(handle);
      return seen;
    }

    static int addTo(int[] page, int from, int to) {
      int seen = 0;
      for (int p = from; p < to; p++) {
        page[p]++;
      }
      for (int p = from; p < to; p++) {
        seen = seen * 100 + page[p];
      }
      return seen;
    }
  }

  /** Broken: the last page of a range is not locked. */
  public static class RangesOnePageShort extends Ranges {
    @Override
    int forgotten() {
      return 1;
    }
  }

  /** What {@link Ranges} is without anybody beside. */
  public static class Pages {
    private final int[] page = new int[3];

    public int add(int from, int pages) {
      return Ranges.addTo(page, from, from + pages);
    }
  }

  /** Two words a page, which only change together: fills look, destroyers change. */
  @Param(name = "from", gen = IntGen.class, conf = "0:1")
  @Param(name = "pages", gen = IntGen.class, conf = "1:2")
  public static class Filled {
    private final MappingRangeLock lock = new MappingRangeLock(1, new LockCounters());
    private final int[] left = new int[3];
    private final int[] right = new int[3];

    private int both(int page) {
      return left[page] == right[page] ? left[page] : -1;
    }

    /** Only the page that is needed: how far the window reaches depends on who else is there. */
    @Operation
    public int fill(@Param(name = "from") int from, @Param(name = "pages") int pages) {
      long end = lock.lockShared(from, from + pages);
      int seen = both(from);
      lock.unlockShared(from, end);
      return seen;
    }

    /** As a command does it: the grant may come on another thread, which does the work. */
    @Operation
    public int destroy(@Param(name = "from") int from, @Param(name = "pages") int pages) {
      PageRange range = new PageRange(from, from + pages);
      Grant grant = new Grant(Thread.currentThread());
      lock.lockExclusiveAsync(
          range,
          () -> {
            LockOrder.adopt(LockRank.MAPPING, 1);
            int seen = Ranges.addTo(left, from, from + pages);
            Ranges.addTo(right, from, from + pages);
            lock.unlockExclusive(range);
            grant.seen = seen;
            LockSupport.unpark(grant.asker);
          });
      while (grant.seen == 0) {
        LockSupport.park();
      }
      return grant.seen;
    }
  }

  /** What {@link Filled} is without anybody beside. */
  public static class FilledAlone {
    private final int[] page = new int[3];

    public int fill(int from, int pages) {
      return page[from];
    }

    public int destroy(int from, int pages) {
      return Ranges.addTo(page, from, from + pages);
    }
  }

  /** The order checker is not under test, and its graph outlives an invocation. */
  private static ModelCheckingOptions models(int iterations, int invocations) {
    return new ModelCheckingOptions()
        .addGuarantee(
            forClasses(LockOrder.class.getName(), LockGraph.class.getName()).allMethods().ignore())
        .iterations(iterations)
        .invocationsPerIteration(invocations)
        .threads(3)
        .actorsPerThread(2)
        .actorsBefore(0)
        .actorsAfter(1)
        .minimizeFailedScenario(false);
  }

  private static StressOptions stress(int iterations, int invocations) {
    return new StressOptions()
        .iterations(iterations)
        .invocationsPerIteration(invocations)
        .threads(3)
        .actorsPerThread(3)
        .actorsBefore(0)
        .actorsAfter(1)
        .minimizeFailedScenario(false);
  }

  private static void guarded(Options<?, ?> options) {
    options.sequentialSpecification(Counter.class).check(Guarded.class);
  }

  private static void ranges(Options<?, ?> options, Class<?> lock) {
    options.sequentialSpecification(Pages.class).check(lock);
  }

  private static void filled(Options<?, ?> options) {
    options.sequentialSpecification(FilledAlone.class).check(Filled.class);
  }

  @Test
  void mappingRangeLockModelChecked() {
    filled(models(2, 50));
  }

  @Test
  void mappingRangeLockStressed() {
    filled(stress(5, 300));
  }

  @Test
  void phaseFairLockModelChecked() {
    guarded(models(2, 50));
  }

  @Test
  void phaseFairLockStressed() {
    guarded(stress(5, 300));
  }

  @Test
  void writeRangeLockModelChecked() {
    ranges(models(2, 50), Ranges.class);
  }

  @Test
  void writeRangeLockStressed() {
    ranges(stress(5, 300), Ranges.class);
  }

  @Tag("deep")
  @Test
  void phaseFairLockLonger() {
    guarded(models(30, 1_500));
    guarded(stress(50, 5_000));
  }

  @Tag("deep")
  @Test
  void mappingRangeLockLonger() {
    filled(models(30, 1_500));
    filled(stress(50, 5_000));
  }

  @Tag("deep")
  @Test
  void writeRangeLockLonger() {
    ranges(models(30, 1_500), Ranges.class);
    ranges(stress(50, 5_000), Ranges.class);
  }

  @Tag("deep")
  @ParameterizedTest
  @EnumSource(names = {"EXCLUSIVE_BEFORE_SHARED", "SHARED_IGNORES_WANT"})
  void refusesAnUnfairPhaseFairLock(LockMutant mutant) {
    refusesABrokenPhaseFairLock(mutant);
  }

  @ParameterizedTest
  @EnumSource(names = "BACK_OUT_WITHOUT_HAND_OVER")
  void refusesABrokenPhaseFairLock(LockMutant mutant) {
    LockMutant.use(mutant);
    assertThatThrownBy(() -> guarded(models(50, 1_000)))
        .isInstanceOf(LincheckAssertionError.class)
        .satisfies(
            refused ->
                assertThat(refused.getMessage())
                    .containsAnyOf("hung", "overtaken", "passes a queued exclusive"));
  }

  @Tag("deep")
  @ParameterizedTest
  @EnumSource(names = "RANGE_IGNORES_QUEUED")
  void refusesAnUnfairMappingRangeLock(LockMutant mutant) {
    refusesABrokenMappingRangeLock(mutant);
  }

  @ParameterizedTest
  @EnumSource(names = "RANGE_ENDS_EARLY")
  void refusesABrokenMappingRangeLock(LockMutant mutant) {
    LockMutant.use(mutant);
    assertThatThrownBy(() -> filled(models(50, 1_000))).isInstanceOf(LincheckAssertionError.class);
  }

  @Test
  void refusesARangeOnePageShort() {
    assertThatThrownBy(() -> ranges(models(50, 1_000), RangesOnePageShort.class))
        .isInstanceOf(LincheckAssertionError.class)
        .hasMessageContaining("Invalid execution results");
  }
}
