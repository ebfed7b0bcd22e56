package io.faultline.cli.architecture.broken.engine.device;

import io.faultline.cli.architecture.broken.engine.actor.Plumbing;

/** Breaks a rule on purpose: device uses an actor. */
public record Disk(Plumbing used) {}
