package io.faultline.cli;

import io.faultline.engine.journal.Tx;
import io.faultline.persistence.history.EventTimes;
import io.faultline.persistence.history.VolumeDiff;
import io.faultline.persistence.history.VolumeHistory;
import io.faultline.persistence.history.VolumeState;
import io.faultline.persistence.replay.EventSource;
import java.io.IOException;
import java.util.OptionalLong;
import java.util.function.LongFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code journal VOLUME show}: one transaction and what it changed. */
@Command(
    name = "show",
    description =
        "Shows one transaction: where it is written, its events as log prints them with the path of"
            + " their inode, and what it changed, as diff prints it.")
final class JournalShow extends JournalVerb {
  @Parameters(index = "0", paramLabel = "LSN", description = "The transaction.")
  private String lsn = "";

  @Override
  int run(VolumeHistory history) throws IOException {
    long wanted = lsn(lsn);
    if (wanted == 0) {
      throw new ParameterException(commandLine(), "the first transaction is 1");
    }
    if (wanted == Long.MAX_VALUE) {
      at(history, wanted);
      wanted = history.replay().lsn();
      if (wanted == 0) {
        throw new IOException("there is no transaction that can be read");
      }
    }
    VolumeState before = at(history, wanted - 1, wanted);
    Tx tx;
    try (EventSource.Cursor<Tx> cursor = history.events().from(wanted)) {
      EventSource.Entry<Tx> entry = cursor.next();
      if (entry == null) {
        at(history, wanted);
        throw new IllegalStateException("transaction " + wanted + " came and went");
      }
      if (entry.lsn() != wanted) {
        throw new IOException("transaction " + wanted + " was dropped");
      }
      tx = entry.event();
    }
    String place = history.placeOf(wanted).orElse("");
    // A transaction that cannot be applied is shown all the same; only then comes the failure.
    VolumeState after;
    try {
      after = at(history, wanted);
    } catch (IOException broken) {
      print(tx, place, before, before);
      throw broken;
    }
    print(tx, place, before, after);
    for (VolumeDiff.Change change : VolumeDiff.between(before, after)) {
      out().println(json() ? PastText.changeJson(change).line() : PastText.change(change));
    }
    return ExitCode.HELD;
  }

  private void print(Tx tx, String place, VolumeState before, VolumeState after) {
    if (!json()) {
      out().println(PastText.head(tx, place));
      PastText.events(tx, before, after).forEach(out()::println);
      return;
    }
    LongFunction<String> paths = PastText.paths(tx, before, after);
    for (int index = 0; index < tx.events().size(); index++) {
      OptionalLong own = EventTimes.of(tx.events().get(index));
      String path = paths.apply(tx.events().get(index).ino());
      out().println(JournalLog.line(tx, index, own.isPresent() ? own : EventTimes.of(tx), path));
    }
  }
}
