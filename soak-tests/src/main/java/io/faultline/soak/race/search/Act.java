package io.faultline.soak.race.search;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What one operation of a generated program does. */
enum Act {
  READ("file offset length"),
  /** Load through a mapped view. */
  LOAD("file offset length"),
  WRITE("file offset length"),
  APPEND("file length"),
  /** Store through a mapped view. */
  STORE("file offset length"),
  /** The offset is the new size. */
  TRUNCATE("file offset"),
  PUNCH("file offset length"),
  ZERO("file offset length"),
  ZERO_KEEP("file offset length"),
  ALLOCATE("file offset length"),
  ALLOCATE_KEEP("file offset length"),
  COLLAPSE("file offset length"),
  INSERT("file offset length"),
  SEEK_DATA("file offset"),
  SEEK_HOLE("file offset"),
  /** WILL_NEED. */
  ADVISE("file offset length"),
  /** DONT_NEED: writes back, then evicts what is clean. */
  DROP("file offset length"),
  FSYNC("file"),
  SYNC(""),
  DROP_CACHES(""),
  /** Takes clean pages of all files, as a lack of frames does; writes nothing back. */
  EVICT(""),
  /** A power cut: what is on the media now is looked at after the run. The length is its seed. */
  CUT("length");

  private final boolean file;
  private final boolean offset;
  private final boolean length;

  Act(String arguments) {
    this.file = arguments.contains("file");
    this.offset = arguments.contains("offset");
    this.length = arguments.contains("length");
  }

  boolean takesFile() {
    return file;
  }

  boolean takesOffset() {
    return offset;
  }

  boolean takesLength() {
    return length;
  }

  /** Whether it frees, moves or cuts off blocks that a fill may be reading. */
  boolean destroys() {
    return this == TRUNCATE
        || this == PUNCH
        || this == ZERO
        || this == ZERO_KEEP
        || this == COLLAPSE
        || this == INSERT;
  }

  /** Whether its range reaches to the end of file, whatever its length says. */
  boolean reachesToTheEnd() {
    return this == TRUNCATE || this == COLLAPSE || this == INSERT;
  }

  /** Whether it makes everything that was done to its file before durable. */
  boolean syncs() {
    return this == FSYNC || this == SYNC || this == DROP_CACHES;
  }

  String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static Act parse(String word) {
    for (Act act : values()) {
      if (act.word().equals(word)) {
        return act;
      }
    }
    throw new IllegalArgumentException(
        "no operation '"
            + word
            + "': one of "
            + Arrays.stream(values()).map(Act::word).collect(Collectors.joining(", ")));
  }
}
