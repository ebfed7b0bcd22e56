package io.faultline.cli;

import io.faultline.engine.journal.Tx;
import io.faultline.persistence.history.VolumeHistory;
import io.faultline.persistence.history.VolumeState;
import io.faultline.persistence.replay.Replay;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** A word of {@code journal}: opens the history of the volume, asks it, closes it. */
@Command(mixinStandardHelpOptions = true, versionProvider = Main.Version.class)
abstract class JournalVerb implements Callable<Integer> {
  private static final String END = "end";

  @ParentCommand private @Nullable Journal journal;

  @Spec private @Nullable CommandSpec spec;

  @Option(names = "--json", description = "One JSON object per line; times in ISO-8601, UTC.")
  private boolean json;

  /** Answers; what it returns is the exit code. */
  abstract int run(VolumeHistory history) throws IOException;

  /** Whether anything may have been printed. */
  private boolean answering;

  /** Whether end, where the question said so, was damage and not the end. */
  private boolean brokenOff;

  /**
   * Runs once more if what was to be read was dropped meanwhile, as the process that has the volume
   * open may do at any time; not behind the first line of the answer.
   */
  @Override
  public final Integer call() throws IOException {
    while (true) {
      try (VolumeHistory history = VolumeHistory.open(journal().directory())) {
        List<Long> kept = history.kept();
        try {
          int code = run(history);
          return brokenOff && code == ExitCode.HELD ? ExitCode.FAILED : code;
        } catch (IOException e) {
          if (answering || history.kept().equals(kept)) {
            throw e;
          }
        }
      }
    }
  }

  final boolean json() {
    return json;
  }

  final Journal journal() {
    return Objects.requireNonNull(journal);
  }

  final CommandLine commandLine() {
    return Objects.requireNonNull(spec).commandLine();
  }

  final PrintWriter out() {
    answering = true;
    return commandLine().getOut();
  }

  /** Goes to a transaction; says where history ends if that is before, and what ends it. */
  final VolumeState at(VolumeHistory history, long lsn) throws IOException {
    return at(history, lsn, lsn);
  }

  /** {@link #at(VolumeHistory, long)} for a question about transaction {@code asked}. */
  final VolumeState at(VolumeHistory history, long lsn, long asked) throws IOException {
    Replay<VolumeState, Tx> replay = history.replay();
    if (lsn != Long.MAX_VALUE && !replay.goToState(lsn)) {
      throw new IOException(
          "there is no transaction " + asked + ": the last one is " + replay.lsn() + why(history));
    }
    if (lsn == Long.MAX_VALUE) {
      Replay.End end = replay.toEnd();
      tellEnd(history, end);
      brokenOff = end.broken().isPresent();
    }
    return replay.state();
  }

  private static String why(VolumeHistory history) {
    return history.tornTail().map(torn -> "; " + torn).orElse("")
        + history.holder().map(pid -> "; process " + pid + " may be appending").orElse("");
  }

  /** An LSN as it stands on the command line. */
  final long lsn(String word) {
    if (word.equals(END)) {
      return Long.MAX_VALUE;
    }
    try {
      long lsn = Long.parseLong(word);
      if (lsn >= 0) {
        return lsn;
      }
    } catch (NumberFormatException e) {
      throw new ParameterException(commandLine(), notLsn(word), e);
    }
    throw new ParameterException(commandLine(), notLsn(word));
  }

  private static String notLsn(String word) {
    return "'" + word + "' is not an LSN: a number from 0 on, or " + END;
  }

  /** Says on standard error what lies behind the last transaction and could not be used. */
  final void tellEnd(VolumeHistory history, Replay.End end) {
    end.broken()
        .ifPresent(
            broken -> tell("behind transaction " + end.lsn() + ": " + Failures.oneLine(broken)));
    if (end.broken().isEmpty()) {
      history.tornTail().ifPresent(torn -> tell(torn + living(history)));
    }
  }

  final String living(VolumeHistory history) {
    return history
        .holder()
        .map(pid -> "; process " + pid + " has the volume open and may be appending")
        .orElse("; never acknowledged, the next open cuts it off");
  }

  final void tell(String text) {
    commandLine().getErr().println("faultline journal: " + text);
  }
}
