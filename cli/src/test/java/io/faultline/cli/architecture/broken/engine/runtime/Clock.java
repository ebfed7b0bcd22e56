package io.faultline.cli.architecture.broken.engine.runtime;

import io.faultline.cli.architecture.broken.engine.actor.Plumbing;

/** Breaks a rule on purpose: runtime uses an actor. */
public record Clock(Plumbing used) {}
