package io.faultline.cli;

import io.faultline.persistence.history.VolumeHistory;
import io.faultline.persistence.history.VolumeState;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code journal VOLUME at}: the volume as it was behind a transaction. */
@Command(
    name = "at",
    description = {
      "Shows the volume as it was when transaction LSN was complete: ls [FILE...], stat FILE...,"
          + " extents FILE..., fsck.",
      "What is shown is what was durable, as a crash there would have left it; fsck ends with exit"
          + " code 3 if something is wrong."
    })
final class JournalAt extends JournalVerb {
  private enum Question {
    LS,
    STAT,
    EXTENTS,
    FSCK
  }

  @Parameters(index = "0", paramLabel = "LSN", description = "The last transaction that counts.")
  private String lsn = "";

  @Parameters(index = "1", paramLabel = "ls|stat|extents|fsck", description = "What to show.")
  private @Nullable Question question;

  @Parameters(index = "2..*", arity = "0..*", paramLabel = "FILE", description = "Of what.")
  private List<String> files = List.of();

  @Option(
      names = {"-l", "--long"},
      description = "ls: mode, links, owner, group, size and modification time as well.")
  private boolean longForm;

  @Option(
      names = {"-a", "--all"},
      description = "ls: every inode by each of its paths, orphans as ino:N.")
  private boolean all;

  @Override
  int run(VolumeHistory history) throws IOException {
    Question asked = question == null ? Question.LS : question;
    check(asked);
    VolumeState state = at(history, lsn(lsn));
    PastView view = new PastView(state, json(), out()::println);
    switch (asked) {
      case LS -> {
        if (all) {
          view.all(longForm);
        }
        for (String file : files.isEmpty() && !all ? List.of("/") : files) {
          view.ls(file, longForm);
        }
      }
      case STAT -> {
        for (String file : files) {
          view.stat(file);
        }
      }
      case EXTENTS -> {
        for (String file : files) {
          view.extents(file);
        }
      }
      case FSCK -> {
        return view.fsck(history.fsck(state), history.replay().lsn())
            ? ExitCode.HELD
            : ExitCode.VIOLATION;
      }
    }
    return ExitCode.HELD;
  }

  private void check(Question asked) {
    boolean needsFiles = asked == Question.STAT || asked == Question.EXTENTS;
    if (needsFiles && files.isEmpty()) {
      throw new ParameterException(commandLine(), EventFields.lower(asked) + " needs a FILE");
    }
    if (asked == Question.FSCK && !files.isEmpty()) {
      throw new ParameterException(commandLine(), "fsck looks at everything, not at a FILE");
    }
    if (asked != Question.LS && (all || longForm)) {
      throw new ParameterException(commandLine(), "-a and -l go with ls");
    }
  }
}
