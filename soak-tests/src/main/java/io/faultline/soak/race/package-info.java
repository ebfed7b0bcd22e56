/**
 * <b>Internal.</b> The race laboratory: the races of the series as scenarios on the real engine,
 * run under {@link io.faultline.engine.runtime.sim.SimScheduler}, and what can be asked about them.
 */
@NullMarked
package io.faultline.soak.race;

import org.jspecify.annotations.NullMarked;
