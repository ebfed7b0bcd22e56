package io.faultline.cli;

import io.faultline.engine.journal.Tx;
import io.faultline.persistence.history.NamedEvents;
import io.faultline.persistence.history.VolumeHistory;
import io.faultline.persistence.replay.EventSource;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code journal VOLUME timeline}: history as a page to look at. */
@Command(
    name = "timeline",
    description =
        "Writes one page that needs nothing but a browser, and no network: a lane per inode, events"
            + " by kind, zoom by the wheel or + and -, an event's text under the pointer.")
final class JournalTimeline extends JournalVerb {
  @Option(names = "--html", required = true, paramLabel = "FILE", description = "The page.")
  private @Nullable Path page;

  @Option(names = "--from", paramLabel = "LSN", description = "Only from this transaction on.")
  private long from = 1;

  @Option(names = "--to", paramLabel = "LSN", description = "Only up to this transaction.")
  private long to = Long.MAX_VALUE;

  @Option(
      names = "--trace",
      paramLabel = "FILE",
      description =
          "Shows beside them what soak --trace FILE wrote down: a second lane for each inode.")
  private @Nullable Path trace;

  @Override
  int run(VolumeHistory history) throws IOException {
    Path whole = Objects.requireNonNull(page).toAbsolutePath();
    if (isInside(whole, journal().directory())) {
      throw new ParameterException(
          commandLine(), "the page must not lie in the volume: its history is only read");
    }
    AtomicBoolean complete = new AtomicBoolean();
    WholeFile.write(whole, part -> complete.set(write(history, part)));
    return complete.get() ? ExitCode.HELD : ExitCode.FAILED;
  }

  private static boolean isInside(Path file, Path directory) throws IOException {
    Path at = Files.exists(file) ? file.toRealPath() : file.normalize();
    Path parent = Objects.requireNonNull(at.getParent());
    return Files.exists(parent) && parent.toRealPath().startsWith(directory.toRealPath());
  }

  /** Writes the page; false if history broke off before what was asked for. */
  private boolean write(VolumeHistory history, Path file) throws IOException {
    long last = history.beginning();
    long first = last + 1;
    NamedEvents names = new NamedEvents(history.replay().at(last).names());
    String note = "";
    boolean complete = true;
    String title = "journal of " + journal().directory();
    try (TimelinePage out =
            new TimelinePage(new BufferedOutputStream(Files.newOutputStream(file)), title);
        EventSource.Cursor<Tx> cursor = history.events().from(first)) {
      while (last < to) {
        EventSource.Entry<Tx> entry = null;
        try {
          entry = cursor.next();
        } catch (IOException damage) {
          complete = false;
          note = "history breaks off here: " + Failures.oneLine(damage);
          tell(note);
        }
        if (entry == null) {
          break;
        }
        NamedEvents.Names around = names.step(entry.event(), null);
        last = entry.lsn();
        if (last >= from) {
          out.add(entry.event(), around);
        }
      }
      if (history.tornTail().isPresent()) {
        note = history.tornTail().get() + living(history);
        tell(note);
      }
      if (trace != null) {
        // What came before the first transaction that is shown belongs to it as little as to any.
        TraceSteps.of(trace).between(Math.max(from, first), last, out::addStep);
      }
      out.finish(Math.max(from, first), last, note);
      out()
          .println(
              json()
                  ? new Json()
                      .put("events", out.events())
                      .put("inodes", out.inodes())
                      .put("steps", out.steps())
                      .put("to", last)
                      .line()
                  : "events="
                      + out.events()
                      + " inodes="
                      + out.inodes()
                      + (trace == null ? "" : " steps=" + out.steps())
                      + " lsn="
                      + last);
    }
    return complete;
  }
}
