package io.faultline.cli;

import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code journal}: looks into the journal of a volume; never writes. */
@Command(
    name = "journal",
    description =
        "Looks into the journal of a volume, of a dead or a living process; never writes.",
    subcommands = JournalLog.class)
final class Journal implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "VOLUME", description = "The volume's directory.")
  private @Nullable Path directory;

  @Spec private @Nullable CommandSpec spec;

  Path directory() {
    return Objects.requireNonNull(directory);
  }

  @Override
  public Integer call() {
    throw new ParameterException(
        Objects.requireNonNull(spec).commandLine(),
        "Missing word: say what to do with the journal");
  }
}
