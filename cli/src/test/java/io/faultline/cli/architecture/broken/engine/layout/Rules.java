package io.faultline.cli.architecture.broken.engine.layout;

import io.faultline.cli.architecture.broken.engine.actor.Plumbing;

/** Breaks a rule on purpose: layout uses an actor. */
public record Rules(Plumbing used) {}
