package io.faultline.cli.architecture.broken.engine.actor;

/** Breaks a rule on purpose: an actor that knows the journal behind its port. */
public record Plumbing(io.faultline.cli.architecture.broken.persistence.Records used) {}
