package io.faultline.soak.race;

import io.faultline.engine.lock.Guard;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import io.faultline.engine.runtime.sim.SimRuntime;

/**
 * A whole volume for each run.
 *
 * @param setup what it is made from
 * @param script makes the clients
 */
record VolumeStaging(RaceSetup setup, Scenario.Script script) implements Staging {
  /** Turns until background threads that have just been started sit in their waits. */
  private static final int TURNS_TO_SETTLE = 8;

  @Override
  public Guard guard() {
    return setup.guard();
  }

  @Override
  public Staging withGuard(Guard guard) {
    return new VolumeStaging(setup.withGuard(guard), script);
  }

  @Override
  public Stage stage(SimRuntime runtime) throws Exception {
    return new OnVolume(RaceVolume.create(setup, runtime), script);
  }

  private record OnVolume(RaceVolume volume, Scenario.Script script) implements Stage {
    @Override
    public void cast(Cast cast) throws Exception {
      script.clients(volume, cast);
      for (int turn = 0; turn < TURNS_TO_SETTLE; turn++) {
        Yield.at(YieldPoint.SPIN);
      }
    }

    @Override
    public void close() throws Exception {
      volume.close();
    }

    @Override
    public void abandon() {
      volume.abandon();
    }
  }
}
