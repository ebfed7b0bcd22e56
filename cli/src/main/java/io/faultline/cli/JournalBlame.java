package io.faultline.cli;

import io.faultline.engine.extent.Extent;
import io.faultline.persistence.history.Blame;
import io.faultline.persistence.history.VolumeHistory;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code journal VOLUME blame}: the past of one byte. */
@Command(
    name = "blame",
    description = {
      "Prints what the byte at OFFSET of FILE is mapped to, then every event that mapped, wrote,"
          + " zeroed, cut off, punched or moved its block, newest first, back through collapse and"
          + " insert, truncates and renames.",
      "block= is where in the file the byte lay behind that event. An overwrite in place changes no"
          + " mapping and is no event."
    })
final class JournalBlame extends JournalVerb {
  @Parameters(index = "0", paramLabel = "FILE", description = "A path as of --at, or ino:N.")
  private String file = "";

  @Parameters(index = "1", paramLabel = "OFFSET", description = "In bytes.")
  private long offset;

  @Option(names = "--at", paramLabel = "LSN", description = "As of this transaction.")
  private String at = "end";

  @Override
  int run(VolumeHistory history) throws IOException {
    if (offset < 0) {
      throw new ParameterException(commandLine(), "offset " + offset + " is negative");
    }
    at(history, lsn(at));
    Blame.Answer answer = Blame.of(history, file, offset, history.replay().lsn());
    if (!json()) {
      out().println(head(answer));
    }
    for (Blame.Step step : answer.steps()) {
      out().println(json() ? PastText.blameJson(answer, step).line() : PastText.blame(step));
    }
    return ExitCode.HELD;
  }

  private String head(Blame.Answer answer) {
    String line =
        Names.encode(answer.path())
            + " ino="
            + answer.ino()
            + " offset="
            + offset
            + " lsn="
            + answer.asOf()
            + ": ";
    if (answer.extent().isEmpty()) {
      return line + "the file is gone";
    }
    Extent extent = answer.extent().get();
    String place =
        extent.isHole()
            ? "a hole"
            : EventFields.lower(extent.state()) + " in device block " + extent.physical();
    return line + place + (offset < answer.sizeBytes() ? "" : ", behind the end of the file");
  }
}
