package io.faultline.cli.architecture.broken.engine.namespace;

import io.faultline.cli.architecture.broken.engine.actor.Plumbing;

/** Breaks a rule on purpose: namespace uses an actor. */
public record Names(Plumbing used) {}
