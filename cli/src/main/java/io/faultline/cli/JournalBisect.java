package io.faultline.cli;

import io.faultline.engine.volume.Fsck;
import io.faultline.persistence.history.Condition;
import io.faultline.persistence.history.VolumeHistory;
import io.faultline.persistence.history.VolumeState;
import io.faultline.persistence.replay.Replay;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code journal VOLUME bisect}: the first moment at which something is wrong. */
@Command(
    name = "bisect",
    description = {
      "Finds the first transaction behind which a condition does not hold (default: fsck), and"
          + " prints it as a violation (exit code 3).",
      "A condition is looked at behind every transaction, so the first failure is found. One with"
          + " fsck is searched by halves: what is found fails and held just before; it is the first"
          + " failure if what is broken stays broken. --linear and --binary choose.",
      "Conditions: " + Condition.SUMMARY
    })
final class JournalBisect extends JournalVerb {
  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "CONDITION",
      description = "What should hold, one word for the shell.")
  private String text = "fsck";

  @Option(names = "--from", paramLabel = "LSN", description = "Begin here (default: 1).")
  private String from = "1";

  @Option(names = "--to", paramLabel = "LSN", description = "End here (default: end).")
  private String to = "end";

  @Option(names = "--linear", description = "Look at every transaction.")
  private boolean linear;

  @Option(names = "--binary", description = "Search by halves.")
  private boolean binary;

  @Override
  int run(VolumeHistory history) throws IOException {
    if (linear && binary) {
      throw new ParameterException(commandLine(), "--linear or --binary, not both");
    }
    Condition condition = condition(history, text);
    boolean halves = binary || (condition.fsck() && !linear);
    Replay.Search search = halves ? Replay.Search.BINARY : Replay.Search.LINEAR;
    long first = Math.max(lsn(from), history.beginning());
    at(history, first);
    Replay.Finding finding =
        history.replay().firstFailure(condition::holds, first, lsn(to), search);
    String how = (halves ? "binary" : "linear") + " search, " + finding.looked() + " states";
    return switch (finding) {
      case Replay.Finding.Held held -> held(history, held, how);
      case Replay.Finding.Failed failed -> failed(history, condition, failed, first, how);
    };
  }

  /** Reads a condition; wrong usage if it is none. */
  private Condition condition(VolumeHistory history, String words) {
    try {
      return Condition.parse(words, state -> history.fsck(state).findings().isEmpty());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(commandLine(), "condition, " + e.getMessage(), e);
    }
  }

  private int held(VolumeHistory history, Replay.Finding.Held held, String how) {
    out()
        .println(
            json()
                ? new Json().put("held", true).put("lsn", held.lsn()).put("search", how).line()
                : "held up to lsn=" + held.lsn() + " (" + how + ")");
    tellEnd(history, new Replay.End(held.lsn(), held.broken()));
    return held.broken().isPresent() ? ExitCode.FAILED : ExitCode.HELD;
  }

  private int failed(
      VolumeHistory history,
      Condition condition,
      Replay.Finding.Failed failed,
      long first,
      String how)
      throws IOException {
    long lsn = failed.lsn();
    if (failed.misfit().isPresent()) {
      Fsck.Finding finding =
          new Fsck.Finding(
              Fsck.Kind.EVENT,
              -1,
              "",
              -1,
              -1,
              null,
              Failures.oneLine(failed.misfit().get()),
              "one that fits it");
      print(finding, lsn);
      tellHow(lsn, first, how);
      return ExitCode.VIOLATION;
    }
    history.replay().goTo(lsn);
    VolumeState state = history.replay().state();
    boolean told = false;
    if (condition.text().strip().equals("fsck")) {
      for (Fsck.Finding finding : history.fsck(state).findings()) {
        print(finding, lsn);
        told = true;
      }
    }
    if (!told) {
      printCondition(condition, lsn);
    }
    tellHow(lsn, first, how);
    if (!json()) {
      VolumeState before = history.before();
      history
          .replay()
          .event()
          .ifPresent(tx -> PastText.events(tx, before, state).forEach(out()::println));
    }
    return ExitCode.VIOLATION;
  }

  private void print(Fsck.Finding finding, long lsn) {
    out()
        .println(
            json()
                ? PastText.violationJson(finding, lsn).line()
                : PastText.violation(finding, lsn));
  }

  private void printCondition(Condition condition, long lsn) {
    out()
        .println(
            json()
                ? new Json()
                    .put("lsn", lsn)
                    .put("violation", "condition")
                    .put("allowed", condition.text())
                    .line()
                : "VIOLATION kind=condition ino=- offset=- saw=false allowed="
                    + Names.encode(condition.text())
                    + " lsn="
                    + lsn);
  }

  private void tellHow(long lsn, long first, String how) {
    if (!json()) {
      out()
          .println(
              (lsn == first ? "it fails from the start, lsn=" + lsn : "it held at lsn=" + (lsn - 1))
                  + " ("
                  + how
                  + ")");
    }
  }
}
