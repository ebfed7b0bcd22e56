package io.faultline.soak.model;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * One line of the {@code ops} grammar, one record per operation. {@link #parse} and {@link #print}
 * are inverse on every value. Numbers are decimal and signed, so that invalid arguments can be
 * written down; paths are absolute and held unescaped.
 */
public sealed interface OpLine {

  /** The operations by their word in the grammar. */
  enum Verb {
    CREATE,
    MKDIR,
    UNLINK,
    RMDIR,
    RENAME,
    LINK,
    SYMLINK,
    WRITE,
    APPEND,
    READ,
    TRUNCATE,
    PUNCH,
    ZERO,
    ALLOCATE,
    COLLAPSE,
    INSERT,
    CLONE,
    DEDUPE,
    SEEK_DATA,
    SEEK_HOLE,
    EXTENTS,
    STAT,
    LS,
    FSYNC,
    SYNC,
    DROP_CACHES;

    private static final Map<String, Verb> BY_WORD =
        Arrays.stream(values()).collect(Collectors.toMap(Verb::word, Function.identity()));

    /** The word that begins the line. */
    public String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** {@code create P}. */
  record Create(String path) implements OpLine {}

  /** {@code mkdir P}. */
  record Mkdir(String path) implements OpLine {}

  /** {@code unlink P}. */
  record Unlink(String path) implements OpLine {}

  /** {@code rmdir P}. */
  record Rmdir(String path) implements OpLine {}

  /** {@code rename P Q}. */
  record Rename(String from, String to) implements OpLine {}

  /** {@code link P Q}: Q becomes another name of P. */
  record Link(String existing, String path) implements OpLine {}

  /** {@code symlink T P}: P says T. */
  record Symlink(String target, String path) implements OpLine {}

  /** {@code write P OFF LEN BYTE}; BYTE is 0 to 255. */
  record Write(String path, long offset, long length, int value) implements OpLine {}

  /** {@code append P LEN BYTE}. */
  record Append(String path, long length, int value) implements OpLine {}

  /** {@code read P OFF LEN}. */
  record Read(String path, long offset, long length) implements OpLine {}

  /** {@code truncate P SIZE}. */
  record Truncate(String path, long sizeBytes) implements OpLine {}

  /** {@code punch P OFF LEN}. */
  record Punch(String path, long offset, long length) implements OpLine {}

  /** {@code zero P OFF LEN [keep]}. */
  record Zero(String path, long offset, long length, boolean keep) implements OpLine {}

  /** {@code allocate P OFF LEN [keep]}. */
  record Allocate(String path, long offset, long length, boolean keep) implements OpLine {}

  /** {@code collapse P OFF LEN}. */
  record Collapse(String path, long offset, long length) implements OpLine {}

  /** {@code insert P OFF LEN}. */
  record Insert(String path, long offset, long length) implements OpLine {}

  /** {@code clone P OFF Q OFF LEN}. */
  record CloneRange(String from, long fromOffset, String to, long toOffset, long length)
      implements OpLine {}

  /** {@code dedupe P OFF Q OFF LEN}. */
  record DedupeRange(String from, long fromOffset, String to, long toOffset, long length)
      implements OpLine {}

  /** {@code seek-data P OFF}. */
  record SeekData(String path, long offset) implements OpLine {}

  /** {@code seek-hole P OFF}. */
  record SeekHole(String path, long offset) implements OpLine {}

  /** {@code extents P}. */
  record Extents(String path) implements OpLine {}

  /** {@code stat P}. */
  record StatPath(String path) implements OpLine {}

  /** {@code ls P}. */
  record Ls(String path) implements OpLine {}

  /** {@code fsync P}. */
  record Fsync(String path) implements OpLine {}

  /** {@code sync}. */
  record Sync() implements OpLine {}

  /** {@code drop-caches}. */
  record DropCaches() implements OpLine {}

  /** Which operation this is. */
  default Verb verb() {
    String word = print().split(" ", 2)[0];
    return Objects.requireNonNull(Verb.BY_WORD.get(word), word);
  }

  /** The line, without a line end. */
  default String print() {
    return switch (this) {
      case Create op -> line(Verb.CREATE, op.path);
      case Mkdir op -> line(Verb.MKDIR, op.path);
      case Unlink op -> line(Verb.UNLINK, op.path);
      case Rmdir op -> line(Verb.RMDIR, op.path);
      case Rename op -> line(Verb.RENAME, op.from, op.to);
      case Link op -> line(Verb.LINK, op.existing, op.path);
      case Symlink op -> line(Verb.SYMLINK, op.target, op.path);
      case Write op -> line(Verb.WRITE, op.path, op.offset, op.length, op.value);
      case Append op -> line(Verb.APPEND, op.path, op.length, op.value);
      case Read op -> line(Verb.READ, op.path, op.offset, op.length);
      case Truncate op -> line(Verb.TRUNCATE, op.path, op.sizeBytes);
      case Punch op -> line(Verb.PUNCH, op.path, op.offset, op.length);
      case Zero op -> keep(line(Verb.ZERO, op.path, op.offset, op.length), op.keep);
      case Allocate op -> keep(line(Verb.ALLOCATE, op.path, op.offset, op.length), op.keep);
      case Collapse op -> line(Verb.COLLAPSE, op.path, op.offset, op.length);
      case Insert op -> line(Verb.INSERT, op.path, op.offset, op.length);
      case CloneRange op -> line(Verb.CLONE, op.from, op.fromOffset, op.to, op.toOffset, op.length);
      case DedupeRange op ->
          line(Verb.DEDUPE, op.from, op.fromOffset, op.to, op.toOffset, op.length);
      case SeekData op -> line(Verb.SEEK_DATA, op.path, op.offset);
      case SeekHole op -> line(Verb.SEEK_HOLE, op.path, op.offset);
      case Extents op -> line(Verb.EXTENTS, op.path);
      case StatPath op -> line(Verb.STAT, op.path);
      case Ls op -> line(Verb.LS, op.path);
      case Fsync op -> line(Verb.FSYNC, op.path);
      case Sync op -> line(Verb.SYNC);
      case DropCaches op -> line(Verb.DROP_CACHES);
    };
  }

  private static String line(Verb verb, Object... arguments) {
    StringBuilder out = new StringBuilder(verb.word());
    for (Object argument : arguments) {
      out.append(' ').append(argument instanceof String text ? Words.encode(text) : argument);
    }
    return out.toString();
  }

  private static String keep(String line, boolean keep) {
    return keep ? line + " keep" : line;
  }

  /**
   * Reads one line.
   *
   * @throws IllegalArgumentException naming what is wrong: an unknown word, a missing or surplus
   *     argument, a relative path, a number that is none
   */
  static OpLine parse(String line) {
    List<String> words = Words.split(line);
    if (words.isEmpty()) {
      throw new IllegalArgumentException("empty line");
    }
    Verb verb = Verb.BY_WORD.get(words.getFirst());
    if (verb == null) {
      throw new IllegalArgumentException("unknown operation " + words.getFirst());
    }
    OpArguments in = new OpArguments(line, words.subList(1, words.size()));
    OpLine op =
        switch (verb) {
          case CREATE -> new Create(in.path());
          case MKDIR -> new Mkdir(in.path());
          case UNLINK -> new Unlink(in.path());
          case RMDIR -> new Rmdir(in.path());
          case RENAME -> new Rename(in.path(), in.path());
          case LINK -> new Link(in.path(), in.path());
          case SYMLINK -> new Symlink(in.text(), in.path());
          case WRITE -> new Write(in.path(), in.number(), in.number(), in.octet());
          case APPEND -> new Append(in.path(), in.number(), in.octet());
          case READ -> new Read(in.path(), in.number(), in.number());
          case TRUNCATE -> new Truncate(in.path(), in.number());
          case PUNCH -> new Punch(in.path(), in.number(), in.number());
          case ZERO -> new Zero(in.path(), in.number(), in.number(), in.keep());
          case ALLOCATE -> new Allocate(in.path(), in.number(), in.number(), in.keep());
          case COLLAPSE -> new Collapse(in.path(), in.number(), in.number());
          case INSERT -> new Insert(in.path(), in.number(), in.number());
          case CLONE -> new CloneRange(in.path(), in.number(), in.path(), in.number(), in.number());
          case DEDUPE ->
              new DedupeRange(in.path(), in.number(), in.path(), in.number(), in.number());
          case SEEK_DATA -> new SeekData(in.path(), in.number());
          case SEEK_HOLE -> new SeekHole(in.path(), in.number());
          case EXTENTS -> new Extents(in.path());
          case STAT -> new StatPath(in.path());
          case LS -> new Ls(in.path());
          case FSYNC -> new Fsync(in.path());
          case SYNC -> new Sync();
          case DROP_CACHES -> new DropCaches();
        };
    in.end();
    return op;
  }
}
