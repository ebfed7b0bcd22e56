package io.faultline.soak.race.search;

import java.util.regex.Pattern;

/**
 * One operation of a program.
 *
 * @param client who does it, from 0; {@link #SETUP} before there are any
 * @param file number of the file, from 0; 0 where none is named
 * @param offset bytes, a multiple of 512
 * @param length bytes, a multiple of 512; of a power cut its seed
 */
record Op(int client, Act act, int file, long offset, long length) {
  /** The client of what is done before the clients begin, in order and undisturbed. */
  static final int SETUP = -1;

  /** Clients and files a program may name. */
  static final int CLIENTS_MAX = 64;

  static final int FILES_MAX = 8;

  private static final String SETUP_WORD = "s";
  private static final Pattern BLANKS = Pattern.compile("\\s+");
  private static final long OFFSET_MAX = 1 << 18;

  Op {
    if (client < SETUP || client >= CLIENTS_MAX || file < 0 || file >= FILES_MAX) {
      throw new IllegalArgumentException("client " + client + ", file " + file);
    }
    boolean aligned = offset % FileState.UNIT == 0 && length % FileState.UNIT == 0;
    boolean inRange = offset >= 0 && offset <= OFFSET_MAX && length >= 0 && length <= OFFSET_MAX;
    if (act != Act.CUT && (!aligned || !inRange)) {
      throw new IllegalArgumentException(
          "offset " + offset + ", length " + length + ": multiples of 512 up to " + OFFSET_MAX);
    }
  }

  long end() {
    return act.reachesToTheEnd() ? Long.MAX_VALUE : offset + length;
  }

  /** The same, done by another client. */
  Op by(int other) {
    return new Op(other, act, file, offset, length);
  }

  /** {@code client act} and those of file, offset and length that the act takes. */
  String text() {
    StringBuilder text = new StringBuilder();
    text.append(client == SETUP ? SETUP_WORD : Integer.toString(client)).append(' ');
    text.append(act.word());
    if (act.takesFile()) {
      text.append(' ').append(file);
    }
    if (act.takesOffset()) {
      text.append(' ').append(offset);
    }
    if (act.takesLength()) {
      text.append(' ').append(length);
    }
    return text.toString();
  }

  /** Reads what {@link #text} wrote. */
  static Op parse(String line) {
    String[] words = BLANKS.split(line.strip(), -1);
    if (words.length < 2) {
      throw new IllegalArgumentException("'" + line + "' is no operation: client act arguments");
    }
    Act act = Act.parse(words[1]);
    int next = 2;
    int wanted =
        2 + (act.takesFile() ? 1 : 0) + (act.takesOffset() ? 1 : 0) + (act.takesLength() ? 1 : 0);
    if (words.length != wanted) {
      throw new IllegalArgumentException("'" + line + "' takes " + (wanted - 2) + " arguments");
    }
    try {
      int client = words[0].equals(SETUP_WORD) ? SETUP : Integer.parseInt(words[0]);
      int file = act.takesFile() ? Integer.parseInt(words[next++]) : 0;
      long offset = act.takesOffset() ? Long.parseLong(words[next++]) : 0;
      long length = act.takesLength() ? Long.parseLong(words[next]) : 0;
      return new Op(client, act, file, offset, length);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'" + line + "': " + e.getMessage(), e);
    }
  }
}
