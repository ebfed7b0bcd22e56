package io.faultline.engine.races;

import io.faultline.engine.EngineFixture;
import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.device.MemoryDevice;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import io.faultline.engine.runtime.sim.Explorer;
import io.faultline.engine.runtime.sim.SimRuntime;
import io.faultline.engine.runtime.sim.SimScheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * A race on a volume of its own: set-up, then clients that the scheduler interleaves, then a check.
 * Set-up and check are no choice points.
 */
final class RaceScenario implements Explorer.Scenario {
  /** Makes the clients of one run. */
  interface Script {
    void clients(EngineFixture volume, Cast cast) throws Exception;
  }

  /** Who takes part in one run and what must hold after it. */
  static final class Cast {
    private record Client(String name, SimScheduler.Body body) {}

    private final List<Client> clients = new ArrayList<>();
    private SimScheduler.Body check = () -> {};

    Cast client(String name, SimScheduler.Body body) {
      clients.add(new Client(name, body));
      return this;
    }

    Cast check(SimScheduler.Body body) {
      check = body;
      return this;
    }
  }

  /** Far more than any of these runs needs: who gets there, runs in a circle. */
  private static final long STEPS_MAX = 50_000;

  /** Turns until background threads that have just been started sit in their waits. */
  private static final int TURNS_TO_SETTLE = 8;

  private final EngineFixture.Setup setup;
  private final Function<SimRuntime, EngineRuntime> clock;
  private final BiFunction<SimRuntime, Long, BlockDevice> device;
  private final Script script;

  private RaceScenario(
      EngineFixture.Setup setup,
      Function<SimRuntime, EngineRuntime> clock,
      BiFunction<SimRuntime, Long, BlockDevice> device,
      Script script) {
    this.setup = setup;
    this.clock = clock;
    this.device = device;
    this.script = script;
    // Made here because an actor system starts between runs.
    EngineFixture.system();
  }

  /** On a device that completes inline: the fewest choice points. */
  static RaceScenario of(EngineFixture.Setup setup, Script script) {
    return onDevice(setup, (runtime, size) -> new MemoryDevice(size), script);
  }

  /** On a device whose transfers and completions are tasks too. */
  static RaceScenario onDevice(
      EngineFixture.Setup setup, BiFunction<SimRuntime, Long, BlockDevice> device, Script script) {
    return new RaceScenario(setup, runtime -> runtime, device, script);
  }

  /** With timers of the test's own. */
  static RaceScenario onClock(
      EngineFixture.Setup setup,
      Function<SimRuntime, EngineRuntime> clock,
      BiFunction<SimRuntime, Long, BlockDevice> device,
      Script script) {
    return new RaceScenario(setup, clock, device, script);
  }

  @Override
  public void prepare(SimScheduler scheduler) {
    scheduler.stepsMax(STEPS_MAX).client("main", () -> play(scheduler));
  }

  private void play(SimScheduler scheduler) throws Exception {
    scheduler.quiet(true);
    SimRuntime runtime = new SimRuntime(scheduler);
    EngineFixture volume =
        EngineFixture.open(
            setup,
            device.apply(runtime, setup.blocks() * EngineFixture.PAGE),
            clock.apply(runtime));
    Cast cast = new Cast();
    script.clients(volume, cast);
    for (int turn = 0; turn < TURNS_TO_SETTLE; turn++) {
      Yield.at(YieldPoint.SPIN);
    }
    List<CompletableFuture<Void>> ends = new ArrayList<>();
    for (Cast.Client client : cast.clients) {
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
    cast.check.run();
    volume.close();
  }
}
