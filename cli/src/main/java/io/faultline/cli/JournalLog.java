package io.faultline.cli;

import io.faultline.engine.inode.Event;
import io.faultline.engine.journal.Tx;
import io.faultline.persistence.history.EventTimes;
import io.faultline.persistence.history.NamedEvents;
import io.faultline.persistence.history.VolumeHistory;
import io.faultline.persistence.replay.EventSource;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code journal VOLUME log}: one line per event. */
@Command(
    name = "log",
    description =
        "Prints one line per event: the transaction's LSN, the event's index in it, its kind, its"
            + " fields. Ranges are in blocks of 4096 bytes, sizes in bytes, times in nanoseconds."
            + " Filters go together: a line must pass all of them.")
final class JournalLog extends JournalVerb {
  private static final List<String> KINDS =
      Arrays.stream(Event.class.getPermittedSubclasses()).map(Class::getSimpleName).toList();

  @Option(names = "--ino", paramLabel = "N", description = "Only events of these inodes.")
  private List<Long> inos = List.of();

  @Option(
      names = "--path",
      paramLabel = "PATH",
      description =
          "Only events of what this path led to just then, and those that give or take one of its"
              + " names.")
  private @Nullable String path;

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      split = ",",
      description = "Only events of these kinds, such as RangePunched.")
  private List<String> kinds = List.of();

  @Option(
      names = "--since",
      paramLabel = "TIME",
      description = "Only events at this time or later, such as 2026-01-31T12:00:00Z.")
  private @Nullable String since;

  @Option(names = "--until", paramLabel = "TIME", description = "Only events before this time.")
  private @Nullable String until;

  @Option(names = "--from", paramLabel = "LSN", description = "Only from this transaction on.")
  private long from = 1;

  @Option(names = "--to", paramLabel = "LSN", description = "Only up to this transaction.")
  private long to = Long.MAX_VALUE;

  /** Names are wanted, and so everything before {@link #from} has to be read for them. */
  private boolean named;

  private long sinceNanos = Long.MIN_VALUE;
  private long untilNanos = Long.MAX_VALUE;
  private TreeSet<String> wantedKinds = new TreeSet<>();

  @Override
  int run(VolumeHistory history) throws IOException {
    check();
    named = json() || path != null;
    NamedEvents names = new NamedEvents();
    long last = Math.max(from, history.events().firstLsn()) - 1;
    if (named) {
      last = history.beginning();
      if (last > 0 && from <= last) {
        tell("what came before LSN " + (last + 1) + " has no names any more and is left out");
      }
      names = new NamedEvents(history.replay().at(last).names());
    }
    try (EventSource.Cursor<Tx> cursor = history.events().from(last + 1)) {
      EventSource.Entry<Tx> entry = last < to ? cursor.next() : null;
      PrintWriter out = out();
      while (entry != null) {
        last = entry.lsn();
        print(entry.event(), names, out);
        // checkError: a reader that has seen enough, such as head, ends this.
        entry = last < to && !out.checkError() ? cursor.next() : null;
      }
    }
    history.tornTail().ifPresent(torn -> tell(torn + living(history)));
    boolean askedBeyond = to != Long.MAX_VALUE && to > last;
    return askedBeyond && history.tornTail().isPresent() ? ExitCode.FAILED : ExitCode.HELD;
  }

  private void check() {
    for (String kind : kinds) {
      wantedKinds.add(
          KINDS.stream()
              .filter(kind::equalsIgnoreCase)
              .findFirst()
              .orElseThrow(
                  () ->
                      new ParameterException(
                          commandLine(),
                          "'" + kind + "' is no kind of event: " + String.join(", ", KINDS))));
    }
    if (path != null && !path.startsWith("/")) {
      throw new ParameterException(commandLine(), "'" + path + "' is not an absolute path");
    }
    sinceNanos = since == null ? sinceNanos : nanos(since);
    untilNanos = until == null ? untilNanos : nanos(until);
  }

  private long nanos(String time) {
    try {
      Instant instant = Instant.parse(time);
      return Math.addExact(
          Math.multiplyExact(instant.getEpochSecond(), 1_000_000_000L), instant.getNano());
    } catch (DateTimeParseException | ArithmeticException e) {
      throw new ParameterException(
          commandLine(), "'" + time + "' is not a time such as 2026-01-31T12:00:00Z", e);
    }
  }

  private void print(Tx tx, NamedEvents names, PrintWriter out) {
    NamedEvents.Names around = named ? names.step(tx, path) : NamedEvents.NONE;
    if (tx.lsn() < from) {
      return;
    }
    OptionalLong txTime = EventTimes.of(tx);
    for (int index = 0; index < tx.events().size(); index++) {
      Event event = tx.events().get(index);
      OptionalLong own = EventTimes.of(event);
      OptionalLong time = own.isPresent() ? own : txTime;
      if (passes(event, time) && (path == null || around.concerned(index))) {
        out.println(
            json()
                ? line(tx, index, time, around.path(event.ino()))
                : tx.lsn() + " " + index + " " + EventText.of(event));
      }
    }
  }

  private boolean passes(Event event, OptionalLong time) {
    return (inos.isEmpty() || inos.contains(event.ino()))
        && (wantedKinds.isEmpty() || wantedKinds.contains(EventFields.kind(event)))
        && (since == null || (time.isPresent() && time.getAsLong() >= sinceNanos))
        && (until == null || (time.isPresent() && time.getAsLong() < untilNanos));
  }

  /** An event as one object; {@code path} is that of its inode. */
  static String line(Tx tx, int index, OptionalLong time, String path) {
    Event event = tx.events().get(index);
    Json json = new Json().put("lsn", tx.lsn()).put("index", index).put("epoch", tx.epoch());
    if (time.isPresent()) {
      json.put("at", Json.time(time.getAsLong()));
    }
    return json.put("event", EventFields.kind(event))
        .put("ino", event.ino())
        .put("path", path)
        .putAll(EventFields.of(event))
        .line();
  }
}
