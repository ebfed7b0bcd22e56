/**
 * <b>Internal.</b> What binds the actor system to the engine's runtime: dispatchers, the simulated
 * timer, and the one way actor systems are made ({@link
 * io.faultline.engine.runtime.akka.EngineActorSystems}).
 */
@NullMarked
package io.faultline.engine.runtime.akka;

import org.jspecify.annotations.NullMarked;
