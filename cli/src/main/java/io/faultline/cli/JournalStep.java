package io.faultline.cli;

import io.faultline.persistence.history.VolumeHistory;
import java.io.Console;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code journal VOLUME step}: a walk through history by commands. */
@Command(
    name = "step",
    description = {
      "Walks through history, one command per line of standard input; help lists them.",
      "In a terminal each answer takes the screen; otherwise, or with --no-screen, answers follow"
          + " each other. Exit code 1 if the last line was not understood or could not be done."
    })
final class JournalStep extends JournalVerb {
  /** Home, and clear what is there. */
  private static final String CLEAR = "\u001b[H\u001b[2J";

  @Option(
      names = "--screen",
      negatable = true,
      description = "Redraw the screen for each answer (default: in a terminal).")
  private @Nullable Boolean screen;

  @Option(names = "--at", paramLabel = "LSN", description = "Begin here (default: 0).")
  private String at = "0";

  @Override
  int run(VolumeHistory history) throws IOException {
    if (json()) {
      throw new ParameterException(commandLine(), "step talks to a person: it has no --json");
    }
    StepSession session = new StepSession(history);
    at(history, lsn(at));
    history.replay().goTo(history.replay().lsn());
    boolean redraw = screen != null ? screen : isTerminal();
    LineSource lines = new LineSource(journal().host().in());
    List<String> answer = List.of();
    boolean failed = false;
    show(session, redraw, answer, history);
    while (!session.ended() && !out().checkError()) {
      Optional<String> line;
      try {
        line = lines.next();
      } catch (LineSource.Unreadable wrong) {
        answer = List.of("error: " + wrong.getMessage());
        failed = true;
        show(session, redraw, answer, history);
        continue;
      }
      if (line.isEmpty()) {
        break;
      }
      answer = session.answer(line.get());
      failed = !answer.isEmpty() && answer.getFirst().startsWith("error:");
      if (!session.ended()) {
        show(session, redraw, answer, history);
      }
    }
    return failed ? ExitCode.FAILED : ExitCode.HELD;
  }

  private void show(StepSession session, boolean redraw, List<String> answer, VolumeHistory history)
      throws IOException {
    PrintWriter out = out();
    if (!redraw) {
      (answer.isEmpty() ? session.position() : answer).forEach(out::println);
      out.flush();
      return;
    }
    out.print(CLEAR);
    out.println(
        "journal of "
            + Names.printable(journal().directory().toString())
            + history.holder().map(pid -> ", open in process " + pid).orElse(""));
    List<String> position = session.position();
    position.forEach(out::println);
    if (!answer.isEmpty() && !answer.equals(position)) {
      out.println();
      // What is the position again was shown above already.
      answer.stream().filter(each -> !position.contains(each)).forEach(out::println);
    }
    out.println();
    out.print("f forward  b back  n next of inode  g go  w watch  c change  help  q > ");
    out.flush();
  }

  /** A test's input is none, whatever the test was started from. */
  private boolean isTerminal() {
    return journal().host().in() instanceof FileInputStream
        && Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
  }
}
