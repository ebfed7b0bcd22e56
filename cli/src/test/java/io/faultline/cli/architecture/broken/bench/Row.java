package io.faultline.cli.architecture.broken.bench;

import io.faultline.cli.architecture.broken.cli.Verb;

/** Breaks a rule on purpose: a benchmark uses a program. */
public record Row(Verb used) {}
