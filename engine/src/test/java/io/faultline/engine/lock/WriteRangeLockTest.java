package io.faultline.engine.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.runtime.Check;
import io.faultline.engine.runtime.EngineFailure;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import io.faultline.engine.runtime.sim.Explorer;
import io.faultline.engine.runtime.sim.Schedule;
import io.faultline.engine.runtime.sim.SimScheduler;
import io.faultline.engine.runtime.sim.Strategy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Goal: overlapping ranges exclude each other in order of arrival, others do not meet. Method:
 * every schedule with two preemptions, with an owner recorded for each page.
 */
@Tag("simulation")
class WriteRangeLockTest {
  private static SimScheduler.Body writer(
      WriteRangeLock lock, int[] owner, int name, int from, int to) {
    return () -> {
      long handle = lock.lock(from, to);
      for (int page = from; page < to; page++) {
        Check.that(owner[page] == 0, "page %s is written by %s and %s", page, owner[page], name);
        owner[page] = name;
        Yield.at(YieldPoint.WRITE_COPIED, 1, page);
      }
      for (int page = from; page < to; page++) {
        Check.that(owner[page] == name, "page %s was taken from %s", page, name);
        owner[page] = 0;
      }
      lock.unlock(handle);
    };
  }

  @Test
  void overlappingWritesNeverInterleaveUnderAnySchedule() {
    Explorer.Result result =
        Explorer.explore(
            2,
            scheduler -> {
              WriteRangeLock lock = new WriteRangeLock(1);
              int[] owner = new int[8];
              scheduler.client("a", writer(lock, owner, 1, 0, 3));
              scheduler.client("b", writer(lock, owner, 2, 2, 5));
              scheduler.client("c", writer(lock, owner, 3, 4, 6));
            });
    result
        .failure()
        .ifPresent(
            failure -> {
              throw failure;
            });
    assertThat(result.complete()).isTrue();
    assertThat(result.schedules()).isGreaterThan(100);
  }

  @Test
  void theOracleSeesWritesThatDoInterleave() {
    Explorer.Result result =
        Explorer.explore(
            2,
            scheduler -> {
              int[] owner = new int[8];
              scheduler.client("a", writer(new WriteRangeLock(1), owner, 1, 0, 3));
              scheduler.client("b", writer(new WriteRangeLock(2), owner, 2, 2, 5));
            });
    assertThat(result.failure()).isPresent();
  }

  @Test
  void rangesThatOnlyTouchAreHeldTogether() {
    SimScheduler scheduler = new SimScheduler(1, new Strategy.Random());
    WriteRangeLock lock = new WriteRangeLock(1);
    CompletableFuture<Void> otherHolds = new CompletableFuture<>();
    scheduler.client(
        "left",
        () -> {
          long handle = lock.lock(0, 4);
          otherHolds.join();
          lock.unlock(handle);
        });
    scheduler.client(
        "right",
        () -> {
          long handle = lock.lock(4, 8);
          otherHolds.complete(null);
          lock.unlock(handle);
        });
    scheduler.run();
    assertThat(otherHolds).isDone();
  }

  @Test
  void aLaterRangeDoesNotOvertakeAWaitingOneItOverlaps() {
    List<String> order = new ArrayList<>();
    SimScheduler scheduler = new SimScheduler(0, new Strategy.Replay(Schedule.parse("-")));
    WriteRangeLock lock = new WriteRangeLock(1);
    scheduler.client(
        "holder",
        () -> {
          long handle = lock.lock(0, 2);
          for (int i = 0; i < 10; i++) {
            Yield.at(YieldPoint.SPIN);
          }
          order.add("holder");
          lock.unlock(handle);
        });
    // Overlaps the holder; the third overlaps only this waiting one, the fourth nobody.
    String[] names = {"wide", "behind", "free"};
    long[][] ranges = {{1, 6}, {5, 7}, {10, 12}};
    for (int i = 0; i < names.length; i++) {
      String name = names[i];
      long[] range = ranges[i];
      scheduler.client(
          name,
          () -> {
            long handle = lock.lock(range[0], range[1]);
            order.add(name);
            lock.unlock(handle);
          });
    }
    scheduler.run();
    assertThat(order).containsExactly("free", "holder", "wide", "behind");
  }

  @Test
  void emptyRangesAndForeignHandlesAreRefused() {
    WriteRangeLock lock = new WriteRangeLock(1);
    assertThatThrownBy(() -> lock.lock(4, 4)).isInstanceOf(EngineFailure.class);
    assertThatThrownBy(() -> lock.lock(-1, 4)).isInstanceOf(EngineFailure.class);
    long handle = lock.lock(0, Long.MAX_VALUE);
    assertThatThrownBy(() -> lock.unlock(handle + 1)).isInstanceOf(IllegalStateException.class);
    // The refused release was taken off this thread's stack before it was seen to be foreign.
    LockOrder.adopt(LockRank.WRITE_RANGE, 1);
    lock.unlock(handle);
  }
}
