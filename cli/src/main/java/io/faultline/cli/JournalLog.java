package io.faultline.cli;

import io.faultline.engine.inode.Event;
import io.faultline.engine.journal.Tx;
import io.faultline.persistence.replay.JournalReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code journal VOLUME log}: one line per event. */
@Command(
    name = "log",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description =
        "Prints one line per event: the transaction's LSN, the event's index in it, its kind, its"
            + " fields. Ranges are in blocks of 4096 bytes, sizes in bytes, times in nanoseconds.")
final class JournalLog implements Callable<Integer> {
  @ParentCommand private @Nullable Journal journal;

  @Spec private @Nullable CommandSpec spec;

  @Option(names = "--ino", paramLabel = "N", description = "Only events of this inode.")
  private @Nullable Long ino;

  @Option(names = "--from", paramLabel = "LSN", description = "Only from this transaction on.")
  private long from = 1;

  @Option(names = "--to", paramLabel = "LSN", description = "Only up to this transaction.")
  private long to = Long.MAX_VALUE;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    try (JournalReader reader =
        JournalReader.open(Objects.requireNonNull(journal).directory(), from, to)) {
      // checkError: a reader that has seen enough, such as head, ends this.
      for (Tx tx = reader.next(); tx != null && !out.checkError(); tx = reader.next()) {
        print(tx, out);
      }
    }
    return ExitCode.HELD;
  }

  private void print(Tx tx, PrintWriter out) {
    for (int index = 0; index < tx.events().size(); index++) {
      Event event = tx.events().get(index);
      if (ino == null || ino == event.ino()) {
        out.println(tx.lsn() + " " + index + " " + EventText.of(event));
      }
    }
  }
}
