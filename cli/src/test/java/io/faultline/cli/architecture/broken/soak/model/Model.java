package io.faultline.cli.architecture.broken.soak.model;

import io.faultline.cli.architecture.broken.engine.extent.Runs;

/** Breaks a rule on purpose: the model uses the engine. */
public record Model(Runs used) {}
