package io.faultline.cli.architecture.broken.engine.inode;

import io.faultline.cli.architecture.broken.engine.actor.Plumbing;

/** Breaks a rule on purpose: inode uses an actor. */
public record File(Plumbing used) {}
