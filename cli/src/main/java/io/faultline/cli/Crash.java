package io.faultline.cli;

import io.faultline.engine.runtime.Barrier;
import io.faultline.engine.runtime.Mutant;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code crash}: what a power cut may leave, built, recovered and held against the model. */
@Command(
    name = "crash",
    description =
        "Builds every state that a power cut may leave of a volume's media, recovers it and holds"
            + " it against an independent model.",
    subcommands = {CrashExplore.class, CrashSites.class})
final class Crash implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    throw new ParameterException(
        Objects.requireNonNull(spec).commandLine(), "Missing word: explore or sites");
  }

  /** The barrier of that word; another word is wrong usage. */
  static Barrier site(CommandLine line, String word) {
    return Barrier.of(word)
        .orElseThrow(
            () ->
                new ParameterException(
                    line, "there is no site '" + word + "' (crash sites lists them)"));
  }

  /** Fails where the JVM cannot leave anything out. */
  static void requireOmissions() throws IOException {
    if (!Mutant.ENABLED) {
      throw new IOException(
          "this JVM leaves nothing out: start it with -Dfaultline.mutants=true, as the launcher"
              + " does");
    }
  }
}
