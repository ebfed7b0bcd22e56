package io.faultline.engine.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.runtime.Check;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import io.faultline.engine.runtime.sim.Explorer;
import io.faultline.engine.runtime.sim.SimScheduler;
import io.faultline.engine.runtime.sim.SimulationFailure;
import io.faultline.engine.runtime.sim.Strategy;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Goal: fills and destroyers exclude each other exactly where they overlap, windows are cut instead
 * of waited for, and nobody starves. Method: every schedule with two preemptions, with a record of
 * who is in which page; each rule once more with the mutant that breaks it.
 */
@Tag("simulation")
class MappingRangeLockTest {
  private static final int PAGES = 8;
  private static final int PREEMPTIONS = 2;

  @AfterEach
  void everyRuleIsKeptAgain() {
    LockMutant.use(LockMutant.NONE);
  }

  /** A lock, and who is inside which page. */
  private static final class Pages {
    final MappingRangeLock lock = new MappingRangeLock(7, new LockCounters());
    final int[] fills = new int[PAGES];
    final int[] destroyers = new int[PAGES];
    int begun;
    int filled;
    int destroyed;

    SimScheduler.Body fill(long from, long to) {
      return () -> {
        long end = lock.lockShared(from, to);
        begun++;
        Check.that(end > from && end <= to, "granted [%s, %s) of [%s, %s)", from, end, from, to);
        pass(from, end, fills, YieldPoint.FILL_LOCKED);
        filled++;
        lock.unlockShared(from, end);
      };
    }

    SimScheduler.Body destroy(long from, long to) {
      return () -> {
        PageRange range = new PageRange(from, to);
        Thread self = Thread.currentThread();
        boolean[] granted = new boolean[1];
        lock.lockExclusiveAsync(
            range,
            () -> {
              Check.that(!granted[0], "granted twice");
              granted[0] = true;
              LockSupport.unpark(self);
            });
        while (!granted[0]) {
          Yield.at(YieldPoint.LOCK_WAIT, 7, LockRank.MAPPING.position());
          LockSupport.park();
        }
        LockOrder.adopt(LockRank.MAPPING, 7);
        LockOrder.assertHeldExclusive(lock, from, to, "the test");
        pass(from, Math.min(to, PAGES), destroyers, YieldPoint.DESTROY_LOCKED);
        destroyed++;
        lock.unlockExclusive(range);
      };
    }

    private void pass(long from, long end, int[] mine, YieldPoint point) {
      for (int page = (int) from; page < end; page++) {
        mine[page]++;
        requireAlone(page);
      }
      Yield.at(point, 7, from);
      for (int page = (int) from; page < end; page++) {
        requireAlone(page);
        mine[page]--;
      }
    }

    private void requireAlone(int page) {
      Check.that(
          destroyers[page] == 0 || (destroyers[page] == 1 && fills[page] == 0),
          "page %s: %s fills beside %s destroyers",
          page,
          fills[page],
          destroyers[page]);
    }

    void free() {
      Check.that(lock.toString().endsWith(": free"), "left behind: %s", lock);
    }
  }

  private static Explorer.Result explore(Consumer<SimScheduler> scenario) {
    return Explorer.explore(PREEMPTIONS, 200_000, scenario::accept);
  }

  private static void holds(int preemptions, Consumer<SimScheduler> scenario) {
    Explorer.Result result = Explorer.explore(preemptions, 200_000, scenario::accept);
    result
        .failure()
        .ifPresent(
            failure -> {
              throw failure;
            });
    assertThat(result.complete()).isTrue();
    assertThat(result.schedules()).isGreaterThan(50);
  }

  private static void overlapping(SimScheduler scheduler) {
    Pages pages = new Pages();
    scheduler
        .client("f1", pages.fill(0, 4))
        .client("f2", pages.fill(2, 3))
        .client("d1", pages.destroy(2, 3))
        .client("d2", pages.destroy(1, Long.MAX_VALUE))
        .atEnd(
            () -> {
              pages.free();
              Check.that(pages.filled == 2 && pages.destroyed == 2, "lost");
            });
  }

  @Test
  void fillsAndDestroyersOfAPageExcludeEachOtherUnderEverySchedule() {
    holds(PREEMPTIONS, MappingRangeLockTest::overlapping);
  }

  @Test
  void aRangeThatEndsAPageEarlyIsFound() {
    LockMutant.use(LockMutant.RANGE_ENDS_EARLY);
    Explorer.Result result =
        explore(
            scheduler -> {
              Pages pages = new Pages();
              scheduler.client("f", pages.fill(2, 3)).client("d", pages.destroy(1, 3));
            });
    assertThat(result.failure().orElseThrow()).hasMessageContaining("beside 1 destroyers");
  }

  /** A destroyer holds {@code [2, 4)} while {@code body} runs. */
  private static void besideADestroyer(Consumer<Pages> body) {
    Pages pages = new Pages();
    SimScheduler scheduler = new SimScheduler(1, new Strategy.Random());
    PageRange range = new PageRange(2, 4);
    scheduler.client(
        "d",
        () -> {
          boolean[] granted = new boolean[1];
          pages.lock.lockExclusiveAsync(range, () -> granted[0] = true);
          Check.that(granted[0], "a free lock is not granted at once");
          body.accept(pages);
          LockOrder.adopt(LockRank.MAPPING, 7);
          pages.lock.unlockExclusive(range);
        });
    scheduler.atEnd(pages::free);
    scheduler.run();
  }

  @Test
  void rangesThatOnlyTouchAreHeldTogether() {
    besideADestroyer(
        pages -> {
          assertThat(pages.lock.lockShared(0, 2)).isEqualTo(2);
          pages.lock.unlockShared(0, 2);
          assertThat(pages.lock.lockShared(4, 5)).isEqualTo(5);
          boolean[] granted = new boolean[1];
          pages.lock.lockExclusiveAsync(new PageRange(5, 6), () -> granted[0] = true);
          assertThat(granted[0]).isTrue();
          assertThat(pages.lock.heldExclusive(2, 4)).isTrue();
          assertThat(pages.lock.heldExclusive(2, 5)).isFalse();
          pages.lock.unlockShared(4, 5);
          LockOrder.adopt(LockRank.MAPPING, 7);
          pages.lock.unlockExclusive(new PageRange(5, 6));
        });
  }

  @Test
  void aWindowIsCutShortWhereItMeetsADestroyer() {
    besideADestroyer(
        pages -> {
          assertThat(pages.lock.lockShared(0, PAGES)).isEqualTo(2);
          pages.lock.unlockShared(0, 2);
        });
  }

  @Test
  void aWindowThatIsNotCutWaitsForWhatItNeedNot() {
    LockMutant.use(LockMutant.WINDOW_NOT_CUT);
    assertThatThrownBy(() -> besideADestroyer(pages -> pages.lock.lockShared(0, PAGES)))
        .isInstanceOf(SimulationFailure.class)
        .hasMessageContaining("deadlock");
  }

  @Test
  void noFillThatComesLaterIsGrantedBeforeAWaitingDestroyer() {
    holds(
        PREEMPTIONS,
        scheduler -> {
          Pages pages = new Pages();
          scheduler.client("fills", () -> repeat(pages.fill(1, 2), 3));
          scheduler.client("others", () -> repeat(pages.fill(1, 3), 2));
          scheduler.client(
              "d",
              () -> {
                int before = pages.begun;
                int[] passed = {-1};
                Thread self = Thread.currentThread();
                pages.lock.lockExclusiveAsync(
                    new PageRange(1, 2),
                    () -> {
                      passed[0] = pages.begun - before;
                      LockSupport.unpark(self);
                    });
                while (passed[0] < 0) {
                  Yield.at(YieldPoint.LOCK_WAIT, 7, LockRank.MAPPING.position());
                  LockSupport.park();
                }
                Check.that(passed[0] == 0, "passed by %s fills", passed[0]);
                LockOrder.adopt(LockRank.MAPPING, 7);
                pages.lock.unlockExclusive(new PageRange(1, 2));
              });
          scheduler.atEnd(pages::free);
        });
  }

  @Test
  void aFillWaitsOnlyForTheDestroyersThatCameBeforeIt() {
    holds(
        PREEMPTIONS,
        scheduler -> {
          Pages pages = new Pages();
          scheduler.client("d1", () -> repeat(pages.destroy(1, 2), 2));
          scheduler.client("d2", () -> repeat(pages.destroy(0, PAGES), 2));
          scheduler.client(
              "f",
              () -> {
                int before = pages.destroyed;
                long end = pages.lock.lockShared(1, 2);
                int passed = pages.destroyed - before;
                // One that holds, and one that is queued.
                Check.that(passed <= 2, "passed by %s destroyers", passed);
                pages.lock.unlockShared(1, end);
              });
          scheduler.atEnd(pages::free);
        });
  }

  private static void repeat(SimScheduler.Body body, int times) throws Exception {
    for (int i = 0; i < times; i++) {
      body.run();
    }
  }

  @Test
  void aFillThatPassesAWaitingDestroyerBreaksProgress() {
    LockMutant.use(LockMutant.RANGE_IGNORES_QUEUED);
    Explorer.Result result =
        explore(
            scheduler -> {
              Pages pages = new Pages();
              scheduler
                  .client("f1", pages.fill(1, 2))
                  .client("f2", pages.fill(1, 2))
                  .client("d", pages.destroy(1, 2));
            });
    assertThat(result.failure().orElseThrow()).hasMessageContaining("I11");
  }

  @ParameterizedTest
  @EnumSource(names = {"MAPPING_LOCK", "RANGE_LOCK"})
  void whoOnlyWaitsForDestroyersComesBehindThemAndIsNoFill(Guard guard) {
    LockCounters counters = new LockCounters();
    CacheGuard lock = CacheGuard.of(guard, 7, counters);
    PageRange range = new PageRange(3, 4);
    boolean[] over = new boolean[1];
    boolean[] waited = new boolean[1];
    SimScheduler scheduler = new SimScheduler(1, new Strategy.Random());
    scheduler.client(
        "d",
        () -> {
          lock.lockExclusiveAsync(range, () -> {});
          LockOrder.adopt(LockRank.MAPPING, 7);
          for (int i = 0; i < 20; i++) {
            Yield.at(YieldPoint.DESTROY_LOCKED, 7, 0);
          }
          over[0] = true;
          lock.unlockExclusive(range);
        });
    scheduler.client(
        "s",
        () -> {
          while (!lock.heldExclusive()) {
            Yield.at(YieldPoint.SPIN);
          }
          lock.awaitExclusive();
          waited[0] = over[0];
        });
    scheduler.run();
    assertThat(waited[0]).isTrue();
    assertThat(counters.sharedAcquired.sum()).isZero();
    assertThat(counters.sharedWaitedForExclusive.sum()).isZero();
  }

  @Test
  void aCallbackThatThrowsTakesNoOtherGrantWithIt() {
    MappingRangeLock lock = new MappingRangeLock(7, new LockCounters());
    PageRange all = new PageRange(0, PAGES);
    boolean[] granted = new boolean[1];
    lock.lockExclusiveAsync(all, () -> {});
    lock.lockExclusiveAsync(
        new PageRange(0, 1),
        () -> {
          throw new IllegalStateException("broken callback");
        });
    lock.lockExclusiveAsync(new PageRange(1, 2), () -> granted[0] = true);
    LockOrder.adopt(LockRank.MAPPING, 7);
    assertThatThrownBy(() -> lock.unlockExclusive(all)).hasMessage("broken callback");
    assertThat(granted[0]).isTrue();
  }

  @Test
  void whatIsNotHeldCannotBeGivenBack() {
    besideADestroyer(
        pages -> {
          LockOrder.adopt(LockRank.MAPPING, 7);
          assertThatThrownBy(() -> pages.lock.unlockExclusive(new PageRange(2, 3)))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("not held exclusive");
        });
    assertThatThrownBy(() -> new PageRange(3, 2)).isInstanceOf(IllegalArgumentException.class);
  }
}
