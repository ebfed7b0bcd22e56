package io.faultline.engine.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.runtime.sim.SimScheduler;
import io.faultline.engine.runtime.sim.Strategy;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Goal: the production runtime keeps its word, and simulation stays out of production JVMs. */
class EngineRuntimeTest {
  private final EngineRuntime runtime = EngineRuntime.production();

  private static <T> T within(CompletableFuture<T> future) {
    return future.orTimeout(20, TimeUnit.SECONDS).join();
  }

  @Test
  void forksRunOnVirtualAndOnDaemonPlatformThreads() {
    CompletableFuture<Thread> virtual = new CompletableFuture<>();
    CompletableFuture<Thread> platform = new CompletableFuture<>();
    runtime.fork("filler", () -> virtual.complete(Thread.currentThread()));
    runtime.forkPlatform("committer", () -> platform.complete(Thread.currentThread()));
    assertThat(within(virtual).isVirtual()).isTrue();
    assertThat(within(virtual).getName()).isEqualTo("filler");
    assertThat(within(platform).isVirtual()).isFalse();
    assertThat(within(platform).isDaemon()).isTrue();
    assertThat(runtime.simulated()).isFalse();
  }

  @Test
  void timersFireAfterTheirDelayUnlessCancelledAndSurviveACallbackThatThrows() {
    CompletableFuture<Void> release = new CompletableFuture<>();
    CompletableFuture<Void> cancelled = new CompletableFuture<>();
    CompletableFuture<Long> fired = new CompletableFuture<>();
    // There is one timer thread: while it stands here the next timer cannot begin.
    runtime.schedule(0, release::join);
    runtime.schedule(0, () -> cancelled.complete(null)).cancel();
    runtime.schedule(
        0,
        () -> {
          Thread.currentThread().setUncaughtExceptionHandler((thread, expected) -> {});
          throw new IllegalStateException("expected by the test");
        });
    long start = runtime.nanoTime();
    runtime.schedule(20_000_000, () -> fired.complete(runtime.nanoTime()));
    release.complete(null);
    assertThat(within(fired) - start).isGreaterThanOrEqualTo(20_000_000);
    assertThat(cancelled).isNotDone();
  }

  @Test
  void wallClockIsTheHosts() {
    long before = Instant.now().toEpochMilli();
    long now = runtime.wallNanos() / 1_000_000;
    assertThat(now).isBetween(before - 1, Instant.now().toEpochMilli() + 1);
  }

  @Test
  void simulationIsRefusedWhereItWasNotChosen() {
    assertThat(Yield.SIMULATION).isFalse();
    Yield.at(YieldPoint.READ_MISS);
    Yield.at(YieldPoint.READ_MISS, 1, 2);
    assertThatThrownBy(() -> Yield.install((point, ino, arg) -> {}))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> new SimScheduler(1, new Strategy.Random()))
        .hasMessageContaining("-Dfaultline.simulation=true");
  }

  @Test
  void aBrokenInvariantSaysWhat() {
    Check.that(true, "never formatted %s", new Unprintable());
    assertThatThrownBy(() -> Check.that(false, "page %s of inode %s", 3, 7))
        .isInstanceOf(EngineFailure.class)
        .hasMessage("page 3 of inode 7");
  }

  private static final class Unprintable {
    @Override
    public String toString() {
      throw new AssertionError("a check that holds must not format its message");
    }
  }
}
