package io.faultline.soak.race;

import io.faultline.engine.lock.Guard;
import io.faultline.engine.runtime.sim.SimRuntime;

/** Makes the stage of each run of a scenario. */
interface Staging {
  /** What keeps fills from destroyers on it. */
  Guard guard();

  /** The same under another guard; itself where none is involved. */
  Staging withGuard(Guard guard);

  /**
   * A new stage. Called by a task of the run.
   *
   * @throws Exception fails the run
   */
  Stage stage(SimRuntime runtime) throws Exception;
}
