package io.faultline.cli.architecture.broken.engine.errno;

import io.faultline.cli.architecture.broken.engine.actor.Plumbing;

/** Breaks a rule on purpose: errno uses an actor. */
public record Code(Plumbing used) {}
