package io.faultline.soak.crash;

import io.faultline.engine.runtime.Barrier;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.soak.crash.Explorer.Figures;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Explores crash states for a while: the fixed sample first, then every sequence of two operations,
 * then sequences of three at random. Each worker has volumes of its own.
 */
public final class CrashCampaign {
  /** Which sequences. */
  public enum Extent {
    /** What every build explores. */
    SAMPLE,
    /** Every sequence of up to two operations. */
    PAIRS,
    /** Those, and three at random for as long as there is time. */
    ENDLESS
  }

  /**
   * What to do.
   *
   * @param duration after which no sequence is begun any more
   * @param omitted a barrier to leave out, or null
   */
  public record Options(
      Duration duration, Extent extent, @Nullable Barrier omitted, long seed, int workers) {}

  private final Options options;
  private final List<Explorer> explorers = new ArrayList<>();
  private final SplittableRandom random;
  private final Iterator<Sequences.Case> planned;
  private boolean stopped; // guarded by this, as are random and planned
  private @Nullable CrashFinding finding; // guarded by this

  private CrashCampaign(Options options) {
    this.options = options;
    this.random = new SplittableRandom(options.seed());
    this.planned =
        (options.extent() == Extent.SAMPLE ? Sequences.sample() : Sequences.all()).iterator();
  }

  /** Runs until the time is up, nothing is left, or something was found. */
  public static CrashReport run(Options options) throws IOException {
    return new CrashCampaign(options).run();
  }

  /**
   * Goes through one sequence and its crashes, as a finding printed them.
   *
   * @throws IllegalArgumentException if {@code trail} is none
   */
  public static Optional<CrashFinding> replay(String trail, @Nullable Barrier omitted, long seed)
      throws IOException {
    Trail parsed = Trail.parse(trail);
    Explorer explorer = explorer(0, seed);
    try {
      Barrier.omit(omitted);
      return explorer.replay(parsed);
    } finally {
      Barrier.omit(null);
    }
  }

  private static Explorer explorer(int number, long seed) throws IOException {
    Explorer explorer =
        new Explorer(new UUID(0x4352415348L, number + 1L), Explorer.Shares.USUAL, seed);
    explorer.prepare();
    return explorer;
  }

  private CrashReport run() throws IOException {
    EngineRuntime clock = EngineRuntime.production();
    for (int i = 0; i < options.workers(); i++) {
      explorers.add(explorer(i, options.seed()));
    }
    long began = clock.nanoTime();
    long cpu = cpuNanos();
    try {
      Barrier.omit(options.omitted());
      List<CompletableFuture<Void>> running = new ArrayList<>();
      for (Explorer explorer : explorers) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        running.add(done);
        clock.forkPlatform("crash-explorer", () -> work(explorer, clock, began, done));
      }
      CompletableFuture.allOf(running.toArray(CompletableFuture<?>[]::new)).join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw e;
    } finally {
      Barrier.omit(null);
    }
    return new CrashReport(options, figures(), clock.nanoTime() - began, cpuNanos() - cpu, finding);
  }

  private void work(
      Explorer explorer, EngineRuntime clock, long began, CompletableFuture<Void> done) {
    try {
      for (; ; ) {
        boolean late = clock.nanoTime() - began >= options.duration().toNanos();
        Sequences.@Nullable Case next = late ? null : next();
        if (next == null) {
          break;
        }
        explorer.explore(next).ifPresent(this::found);
      }
      done.complete(null);
    } catch (IOException | RuntimeException | Error e) {
      stop();
      done.completeExceptionally(e);
    }
  }

  private synchronized Sequences.@Nullable Case next() {
    return stopped
        ? null
        : planned.hasNext()
            ? planned.next()
            : options.extent() == Extent.ENDLESS ? Sequences.random(random) : null;
  }

  private synchronized void found(CrashFinding what) {
    stopped = true;
    if (finding == null) {
      finding = what;
    }
  }

  private synchronized void stop() {
    stopped = true;
  }

  private Figures figures() {
    Figures sum = new Figures();
    for (Explorer explorer : explorers) {
      sum.add(explorer.figures());
    }
    return sum;
  }

  private static long cpuNanos() {
    return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO).toNanos();
  }
}
