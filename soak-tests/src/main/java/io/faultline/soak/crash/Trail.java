package io.faultline.soak.crash;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A sequence and the crashes behind it, as one line: {@code create /n; fsync /n @ power 31
 * 0.2~3:512 > kill 12}. The number is how many events of the tape had happened; then follows, of a
 * power cut, what it left ({@link Choice#text}), and of a lost barrier, which. A crash behind
 * {@code >} happens in the recovery from the one before it. Steps that begin with {@code mkfs;}
 * start from nothing.
 *
 * @param steps the sequence
 * @param fresh whether it begins with the making of the volume
 * @param crashes outermost first
 */
record Trail(List<Step> steps, boolean fresh, List<Crash> crashes) {
  private static final String MKFS = "mkfs;";

  /** One end of a volume. */
  sealed interface Crash {
    /** Events of the tape that had happened. */
    int at();

    /** The power goes. */
    record Power(int at, Choice choice) implements Crash {}

    /** The process is killed: the host keeps what it has, but nothing more is durable. */
    record Kill(int at) implements Crash {}

    /** The power goes and takes everything pending; barrier {@code barrier} had lied. */
    record Lie(int at, int barrier) implements Crash {}
  }

  static Trail of(List<Step> steps, boolean fresh) {
    return new Trail(steps, fresh, List.of());
  }

  Trail then(Crash crash) {
    List<Crash> all = new ArrayList<>(crashes);
    all.add(crash);
    return new Trail(steps, fresh, List.copyOf(all));
  }

  /** The sequence alone. */
  String sequence() {
    return (fresh ? MKFS + " " : "") + Step.textOf(steps);
  }

  /** The crashes alone. */
  String crashText() {
    return String.join(" > ", crashes.stream().map(Trail::text).toList());
  }

  String text() {
    return crashes.isEmpty() ? sequence() : sequence() + " @ " + crashText();
  }

  private static String text(Crash crash) {
    return switch (crash) {
      case Crash.Power p -> "power " + p.at() + " " + p.choice().text();
      case Crash.Kill k -> "kill " + k.at();
      case Crash.Lie l -> "lie " + l.at() + " " + l.barrier();
    };
  }

  /**
   * Reads what {@link #text} wrote.
   *
   * @throws IllegalArgumentException naming what is wrong
   */
  static Trail parse(String text) {
    String[] parts = text.split("@", 2);
    String sequence = parts[0].strip();
    boolean fresh = sequence.startsWith(MKFS);
    List<Step> steps = Step.parseAll(fresh ? sequence.substring(MKFS.length()) : sequence);
    List<Crash> crashes =
        parts.length == 1
            ? List.of()
            : Arrays.stream(parts[1].split(">", -1)).map(String::strip).map(Trail::crash).toList();
    return new Trail(steps, fresh, crashes);
  }

  private static Crash crash(String text) {
    String[] words = text.split(" ", -1);
    if (words.length == 3 && words[0].equals("power")) {
      return new Crash.Power(Integer.parseInt(words[1]), Choice.parse(words[2]));
    }
    if (words.length == 2 && words[0].equals("kill")) {
      return new Crash.Kill(Integer.parseInt(words[1]));
    }
    if (words.length == 3 && words[0].equals("lie")) {
      return new Crash.Lie(Integer.parseInt(words[1]), Integer.parseInt(words[2]));
    }
    throw new IllegalArgumentException("not a crash: " + text);
  }
}
