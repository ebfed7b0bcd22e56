package io.faultline.cli.architecture.broken.soak;

import io.faultline.cli.architecture.broken.cli.Verb;

/** Breaks a rule on purpose: the soak uses a program. */
public record Load(Verb used) {}
