package io.faultline.cli;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.journal.Tx;
import io.faultline.persistence.history.Condition;
import io.faultline.persistence.history.VolumeDiff;
import io.faultline.persistence.history.VolumeHistory;
import io.faultline.persistence.history.VolumeState;
import io.faultline.persistence.replay.Replay;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A walk through the history of a volume by commands, one a line. Answers are lines; the first ones
 * tell where the walk stands. A command that fails is answered by one line that begins with {@code
 * error:} and leaves the walk where it could get to. Not thread-safe.
 */
final class StepSession {
  static final List<String> HELP =
      List.of(
          "f [N], b [N]     forward, back, by one or N transactions",
          "n [FILE], p      next, previous transaction with an event of this inode",
          "i FILE           this inode from now on",
          "g LSN            go to a transaction, or end",
          "w CONDITION      watch a condition; w alone stops watching",
          "c                on to where the watched condition changes",
          "show             the transaction again, and what it changed",
          "diff LSN         what is different from then to now",
          "ls [FILE]  ls -l [FILE]  stat FILE  extents FILE  fsck",
          "help, q          an empty line repeats the last f, b, n, p or c");

  private final VolumeHistory history;
  private final Replay<VolumeState, Tx> replay;
  private @Nullable Condition watched;
  private long focus = -1;
  private String last = "f";
  private boolean ended;

  StepSession(VolumeHistory history) {
    this.history = history;
    this.replay = history.replay();
  }

  boolean ended() {
    return ended;
  }

  /** Where the walk stands: transaction, events, what is watched. */
  List<String> position() throws IOException {
    List<String> lines = new ArrayList<>();
    if (replay.lsn() == 0) {
      lines.add("lsn=0 before the first transaction");
    } else {
      Optional<Tx> tx = replay.event();
      lines.add(
          tx.map(t -> PastText.head(t, ""))
              .orElse("lsn=" + replay.lsn() + " a checkpoint; what led here was removed"));
      if (tx.isPresent()) {
        lines.addAll(PastText.events(tx.get(), history.before(), replay.state()));
      }
    }
    if (watched != null) {
      lines.add(watchLine(watched));
    }
    return lines;
  }

  private String watchLine(Condition condition) {
    return "watch "
        + condition.text()
        + ": "
        + (condition.holds(replay.state()) ? "holds" : "DOES NOT HOLD");
  }

  /** The answer to a command. */
  List<String> answer(String line) throws IOException {
    String text = line.strip().isEmpty() ? last : line.strip();
    String[] words = text.split("\\s+", 2);
    String rest = words.length > 1 ? words[1].strip() : "";
    try {
      return command(words[0], rest, text);
    } catch (IOException | IllegalArgumentException e) {
      List<String> lines = new ArrayList<>(List.of("error: " + Failures.oneLine(e)));
      // What could not be read or applied ended a walk on the way.
      if (e instanceof IOException && !(e instanceof FsException f && f.errno() != Errno.EUCLEAN)) {
        lines.addAll(position());
      }
      return lines;
    }
  }

  /** A command that is none, or not so. */
  private static final class Misused extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    Misused(String message) {
      super(message);
    }
  }

  private List<String> command(String verb, String rest, String text) throws IOException {
    return switch (verb) {
      case "f", "b", "n", "p", "c" -> {
        last = text;
        yield move(verb, rest);
      }
      case "g" -> go(rest);
      case "i" -> {
        focus = replay.state().find(Names.decode(rest)).ino();
        yield List.of("this inode is ino=" + focus);
      }
      case "w" -> watch(rest);
      case "show" -> shown();
      case "help", "h", "?" -> HELP;
      case "q", "quit" -> {
        ended = true;
        yield List.of();
      }
      default -> look(verb, rest);
    };
  }

  private List<String> move(String verb, String rest) throws IOException {
    boolean moved =
        switch (verb) {
          case "f", "b" -> steps(verb.equals("f"), count(rest));
          case "c" -> toChange();
          default -> toInode(verb.equals("n"), rest);
        };
    List<String> lines = new ArrayList<>();
    if (!moved) {
      lines.add(
          verb.equals("b") || verb.equals("p")
              ? "history begins here"
              : "history ends here" + more());
    }
    lines.addAll(position());
    return lines;
  }

  private String more() {
    return history.tornTail().map(torn -> "; " + torn).orElse("")
        + history.holder().map(pid -> "; process " + pid + " may be appending").orElse("");
  }

  private boolean steps(boolean forward, long count) throws IOException {
    long target = replay.lsn() + (forward ? count : -count);
    if (target < 0) {
      replay.goTo(0);
      return false;
    }
    return replay.goTo(target);
  }

  private boolean toInode(boolean forward, String rest) throws IOException {
    if (!rest.isEmpty()) {
      focus = replay.state().find(Names.decode(rest)).ino();
    } else if (focus < 0) {
      focus =
          replay
              .event()
              .map(tx -> tx.events().getFirst().ino())
              .orElseThrow(() -> new Misused("which inode? i FILE says"));
    }
    long ino = focus;
    Predicate<Tx> names = tx -> tx.events().stream().anyMatch(event -> event.ino() == ino);
    return forward ? replay.next(names) : replay.previous(names);
  }

  private boolean toChange() throws IOException {
    Condition condition = watched;
    if (condition == null) {
      throw new Misused("nothing is watched: w CONDITION says what");
    }
    boolean held = condition.holds(replay.state());
    while (replay.forward()) {
      if (condition.holds(replay.state()) != held) {
        return true;
      }
    }
    return false;
  }

  private List<String> go(String word) throws IOException {
    if (word.equals("end")) {
      Replay.End end = replay.toEnd();
      List<String> lines = new ArrayList<>();
      end.broken().ifPresent(broken -> lines.add("error: " + Failures.oneLine(broken)));
      lines.addAll(position());
      return lines;
    }
    long lsn = count(word);
    List<String> lines = new ArrayList<>();
    if (!replay.goTo(lsn)) {
      lines.add("error: there is no transaction " + lsn + more());
    }
    lines.addAll(position());
    return lines;
  }

  private List<String> watch(String text) {
    if (text.isEmpty()) {
      watched = null;
      return List.of("nothing is watched");
    }
    Condition condition = Condition.parse(text, state -> history.fsck(state).findings().isEmpty());
    watched = condition;
    return List.of(watchLine(condition));
  }

  private List<String> shown() throws IOException {
    List<String> lines = new ArrayList<>(position());
    for (VolumeDiff.Change change : VolumeDiff.between(history.before(), replay.state())) {
      lines.add(PastText.change(change));
    }
    return lines;
  }

  private List<String> look(String verb, String rest) throws IOException {
    List<String> lines = new ArrayList<>();
    PastView view = new PastView(replay.state(), false, lines::add);
    switch (verb) {
      case "ls" -> {
        boolean longForm = rest.equals("-l") || rest.startsWith("-l ");
        String file = longForm ? rest.substring(2).strip() : rest;
        view.ls(file.isEmpty() ? "/" : Names.decode(file), longForm);
      }
      case "stat" -> view.stat(Names.decode(rest));
      case "extents" -> view.extents(Names.decode(rest));
      case "fsck" -> view.fsck(history.fsck(replay.state()), replay.lsn());
      case "diff" -> {
        long here = replay.lsn();
        long there = count(rest);
        VolumeState now = replay.state();
        try {
          VolumeDiff.between(replay.at(there), now).forEach(c -> lines.add(PastText.change(c)));
        } finally {
          replay.goTo(here);
        }
      }
      default -> throw new Misused("'" + verb + "' is no command; help lists them");
    }
    return lines;
  }

  private static long count(String word) {
    if (word.isEmpty()) {
      return 1;
    }
    try {
      long count = Long.parseLong(word);
      if (count >= 0) {
        return count;
      }
    } catch (NumberFormatException e) {
      throw (Misused) new Misused("'" + word + "' is no number").initCause(e);
    }
    throw new Misused("'" + word + "' is negative");
  }
}
