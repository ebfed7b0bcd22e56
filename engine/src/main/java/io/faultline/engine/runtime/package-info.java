/**
 * <b>Internal.</b> Everything through which time, threads and waiting enter the engine: {@link
 * io.faultline.engine.runtime.EngineRuntime} (clock, forks, timers), the named {@link
 * io.faultline.engine.runtime.YieldPoint}s, and the checks that stay on in production. The engine
 * never calls {@code System.nanoTime}, {@code new Thread} or a timer of its own, so that one seeded
 * scheduler ({@code runtime.sim}) can take all of it over.
 */
@NullMarked
package io.faultline.engine.runtime;

import org.jspecify.annotations.NullMarked;
