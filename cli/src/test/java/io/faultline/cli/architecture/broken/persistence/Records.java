package io.faultline.cli.architecture.broken.persistence;

import io.faultline.cli.architecture.broken.cli.Verb;

/** Breaks a rule on purpose: persistence uses a program. */
public record Records(Verb used) {}
