package io.faultline.soak.race;

import io.faultline.engine.lock.Guard;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import io.faultline.engine.runtime.sim.Explorer;
import io.faultline.engine.runtime.sim.SimRuntime;
import io.faultline.engine.runtime.sim.SimScheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A race on a volume of its own: set-up, then clients that the scheduler interleaves, then a check.
 * Set-up and check are no choice points.
 *
 * @param name what {@code race run} is given, for example {@code punch-vs-read}
 * @param race letter of the race in SEMANTICS §1, with a digit for a variant, for example {@code
 *     d1}
 * @param story what happens, in one sentence
 * @param setup its volume
 * @param script makes the clients
 */
public record Scenario(String name, String race, String story, RaceSetup setup, Script script)
    implements Explorer.Scenario {
  /** Far more than any of these runs needs: who gets there, runs in a circle. */
  private static final long STEPS_MAX = 50_000;

  /** Turns until background threads that have just been started sit in their waits. */
  private static final int TURNS_TO_SETTLE = 8;

  /** Makes the clients of one run. */
  @FunctionalInterface
  public interface Script {
    /** Sets {@code volume} up and adds to {@code cast}. */
    void clients(RaceVolume volume, Cast cast) throws Exception;
  }

  /** The same under another guard. */
  public Scenario withGuard(Guard guard) {
    return new Scenario(name, race, story, setup.withGuard(guard), script);
  }

  @Override
  public void prepare(SimScheduler scheduler) {
    scheduler.stepsMax(STEPS_MAX).client("main", () -> play(scheduler));
  }

  private void play(SimScheduler scheduler) throws Exception {
    scheduler.quiet(true);
    RaceVolume volume = RaceVolume.create(setup, new SimRuntime(scheduler));
    scheduler.afterwards(volume::abandon);
    Cast cast = new Cast();
    script.clients(volume, cast);
    for (int turn = 0; turn < TURNS_TO_SETTLE; turn++) {
      Yield.at(YieldPoint.SPIN);
    }
    List<CompletableFuture<Void>> ends = new ArrayList<>();
    for (Cast.Client client : cast.clients()) {
      CompletableFuture<Void> end = new CompletableFuture<>();
      ends.add(end);
      scheduler.client(
          client.name(),
          () -> {
            client.body().run();
            end.complete(null);
          });
    }
    scheduler.quiet(false);
    ends.forEach(CompletableFuture::join);
    scheduler.quiet(true);
    cast.check().run();
    volume.close();
  }
}
