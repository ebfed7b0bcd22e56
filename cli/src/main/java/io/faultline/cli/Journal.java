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
    footer = {
      "",
      "LSN is the number of a transaction, or end for the last one. FILE is an absolute path as it"
          + " was at that moment, or ino:N, which also names what no path leads to.",
      "Of the past there are names, sizes, times and mappings, never bytes.",
      "What cannot be read ends history: everything before it is shown, one line names it."
    },
    subcommands = {
      JournalLog.class,
      JournalShow.class,
      JournalAt.class,
      JournalDiff.class,
      JournalStep.class,
      JournalBlame.class,
      JournalBisect.class,
      JournalTimeline.class
    })
final class Journal implements Callable<Integer> {
  private final Host host;

  @Parameters(index = "0", paramLabel = "VOLUME", description = "The volume's directory.")
  private @Nullable Path directory;

  @Spec private @Nullable CommandSpec spec;

  Journal(Host host) {
    this.host = host;
  }

  Host host() {
    return host;
  }

  Path directory() {
    return Objects.requireNonNull(directory);
  }

  @Override
  public Integer call() {
    throw new ParameterException(
        Objects.requireNonNull(spec).commandLine(),
        "Missing word: log, show, at, diff, step, blame, bisect or timeline");
  }
}
