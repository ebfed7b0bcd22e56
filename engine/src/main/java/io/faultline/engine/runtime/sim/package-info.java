/**
 * <b>Internal.</b> Deterministic simulation (DESIGN D4, R15): {@link
 * io.faultline.engine.runtime.sim.SimScheduler} runs clients, forked bodies, completions and timers
 * one at a time in an order that a seed, a schedule or {@link
 * io.faultline.engine.runtime.sim.Explorer} decides. Needs {@code -Dfaultline.simulation=true} and
 * {@code --add-opens java.base/java.lang=ALL-UNNAMED}; never used by a production JVM.
 */
@NullMarked
package io.faultline.engine.runtime.sim;

import org.jspecify.annotations.NullMarked;
