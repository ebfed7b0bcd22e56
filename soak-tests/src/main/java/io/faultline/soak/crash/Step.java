package io.faultline.soak.crash;

import io.faultline.soak.model.OpLine;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** One operation of a sequence: a line of the {@code ops} grammar, or one of five more. */
sealed interface Step {
  /** An operation of the grammar. */
  record Op(OpLine line) implements Step {}

  /** fdatasync(2): {@code datasync P}. */
  record DataSync(String path) implements Step {}

  /** The commit interval passes: {@code interval}. */
  record Interval() implements Step {}

  /**
   * The checkpoint that is due is written, and what it makes superfluous goes: {@code checkpoint}.
   * Does nothing if none is due. Makes durable nothing that was not.
   */
  record Checkpoint() implements Step {}

  /** The volume is closed and opened again: {@code reopen}. */
  record Reopen() implements Step {}

  /**
   * Another thread writes a file back, and its requests reach the medium only when the client waits
   * for something or its next operation has returned: {@code writeback-elsewhere P}.
   */
  record WritebackElsewhere(String path) implements Step {}

  /** One step's text; the inverse of {@link #parse}. */
  default String text() {
    return switch (this) {
      case Op op -> op.line().print();
      case DataSync d -> "datasync " + d.path();
      case Interval _ -> "interval";
      case Checkpoint _ -> "checkpoint";
      case Reopen _ -> "reopen";
      case WritebackElsewhere w -> "writeback-elsewhere " + w.path();
    };
  }

  /** Whether everything done before is durable once this was acknowledged. */
  default boolean syncsAll() {
    return this instanceof Interval
        || this instanceof Reopen
        || (this instanceof Op op && op.line() instanceof OpLine.Sync);
  }

  /** Reads one step. */
  static Step parse(String text) {
    String line = text.strip();
    if (line.equals("interval")) {
      return new Interval();
    }
    if (line.equals("checkpoint")) {
      return new Checkpoint();
    }
    if (line.startsWith("datasync ")) {
      return new DataSync(line.substring(line.indexOf(' ') + 1));
    }
    if (line.equals("reopen")) {
      return new Reopen();
    }
    if (line.startsWith("writeback-elsewhere ")) {
      return new WritebackElsewhere(line.substring(line.indexOf(' ') + 1));
    }
    return new Op(OpLine.parse(line));
  }

  /** Steps divided by semicolons; an empty text has none. */
  static List<Step> parseAll(String text) {
    if (text.isBlank()) {
      return List.of();
    }
    return Arrays.stream(text.split(";", -1)).map(Step::parse).toList();
  }

  /** The inverse of {@link #parseAll}. */
  static String textOf(List<Step> steps) {
    return steps.stream().map(Step::text).collect(Collectors.joining("; "));
  }
}
