package io.faultline.cli.architecture.broken.engine.lock;

import io.faultline.cli.architecture.broken.engine.actor.Plumbing;

/** Breaks a rule on purpose: lock uses an actor. */
public record Latch(Plumbing used) {}
