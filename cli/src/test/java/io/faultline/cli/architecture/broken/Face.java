package io.faultline.cli.architecture.broken;

import io.faultline.cli.architecture.broken.cli.Verb;

/** Breaks a rule on purpose: api uses a program. */
public record Face(Verb used) {}
