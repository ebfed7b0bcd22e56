package io.faultline.cli.architecture.broken.cli;

/** What nobody may depend on. */
public record Verb() {}
