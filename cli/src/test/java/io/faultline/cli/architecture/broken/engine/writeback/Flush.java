package io.faultline.cli.architecture.broken.engine.writeback;

import io.faultline.cli.architecture.broken.engine.actor.Plumbing;

/** Breaks a rule on purpose: writeback uses an actor. */
public record Flush(Plumbing used) {}
