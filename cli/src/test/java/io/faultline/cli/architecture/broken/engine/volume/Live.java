package io.faultline.cli.architecture.broken.engine.volume;

import io.faultline.cli.architecture.broken.engine.actor.Plumbing;

/** Breaks a rule on purpose: volume uses an actor. */
public record Live(Plumbing used) {}
