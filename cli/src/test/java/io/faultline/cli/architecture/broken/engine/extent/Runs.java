package io.faultline.cli.architecture.broken.engine.extent;

import io.faultline.cli.architecture.broken.engine.actor.Plumbing;

/** Breaks a rule on purpose: extent uses an actor. */
public record Runs(Plumbing used) {}
