package io.faultline.cli.architecture.broken.engine.journal;

import io.faultline.cli.architecture.broken.engine.actor.Plumbing;

/** Breaks a rule on purpose: journal uses an actor. */
public record Handle(Plumbing used) {}
