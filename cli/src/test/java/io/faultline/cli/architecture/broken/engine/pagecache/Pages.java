package io.faultline.cli.architecture.broken.engine.pagecache;

import io.faultline.cli.architecture.broken.engine.actor.Plumbing;

/** Breaks a rule on purpose: pagecache uses an actor. */
public record Pages(Plumbing used) {}
