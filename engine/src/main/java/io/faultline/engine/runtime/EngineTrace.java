package io.faultline.engine.runtime;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;

/**
 * What the engine's locks, pages and commands did, beside what the journal says: a second stream,
 * bounded, with the LSN that was newest at each moment. Switched on for the whole JVM by {@code
 * -Dfaultline.trace=true}; otherwise the JIT removes every call. In simulation the scheduler's own
 * trace takes its place.
 *
 * <p>One stream for the JVM: of several volumes that are open together it cannot tell the inodes
 * apart.
 *
 * <p>As text, one record a line after a heading, blanks between the fields:
 *
 * <pre>
 *   time     nanoseconds since 1970, as events have them
 *   lsn      the newest transaction that had been appended to
 *   thread   {@link Thread#threadId}
 *   what     a {@link StateChange}, or command-begins, command-ends, command-fails, in lower case
 *   ino      the inode, 0 for none
 *   arg      as {@link StateChange} says; of a command its offset in bytes
 *   name     of a command: truncate, punch, zero, allocate, collapse, insert or free; - otherwise
 * </pre>
 */
@SuppressWarnings("EnumOrdinal") // the numbers never leave this JVM's memory
public final class EngineTrace {
  /** Whether this JVM traces. */
  public static final boolean ON = Boolean.getBoolean("faultline.trace") && !Yield.SIMULATION;

  /** The first line of a trace as text. */
  public static final String HEADING = "time lsn thread what ino arg name";

  private static final long RING_BYTES = 64L << 20;
  private static final StateChange[] CHANGES = StateChange.values();

  private static final RecordRing RING = new RecordRing(ON ? RING_BYTES : RecordRing.RECORD_BYTES);
  private static final long WALL_AT_START = wallNanos();
  private static final long TIME_AT_START = System.nanoTime();

  private static volatile long lsn;

  private EngineTrace() {}

  /** What became of a command. */
  public enum Step {
    /** Its body begins; it holds its locks. */
    COMMAND_BEGINS,
    /** Its body has ended; it still holds its locks. */
    COMMAND_ENDS,
    /** Its body was refused or failed. */
    COMMAND_FAILS
  }

  private static long wallNanos() {
    Instant now = Instant.now();
    return Math.addExact(
        Math.multiplyExact(now.getEpochSecond(), 1_000_000_000L), (long) now.getNano());
  }

  /**
   * Something was appended to transaction {@code appended}.
   *
   * @param appended its LSN
   */
  public static void appended(long appended) {
    if (ON && appended > lsn) {
      // Two that race leave the older of two neighbours, until the next one: a hint is enough.
      lsn = appended;
    }
  }

  static void note(StateChange change, long ino, long arg) {
    add(change.ordinal(), ino, arg, 0, 0);
  }

  /**
   * A command's body begins or is over.
   *
   * @param step which of these
   * @param name at most 16 ASCII characters
   * @param ino the inode
   * @param offset bytes
   */
  public static void command(Step step, String name, long ino, long offset) {
    if (ON) {
      add(CHANGES.length + step.ordinal(), ino, offset, packed(name, 0), packed(name, 8));
    }
  }

  private static void add(long what, long ino, long arg, long name, long more) {
    long time = WALL_AT_START + (System.nanoTime() - TIME_AT_START);
    long thread = Thread.currentThread().threadId();
    RING.add(time, lsn, thread << 8 | what, ino, arg, name, more);
  }

  private static long packed(String name, int from) {
    long word = 0;
    for (int i = Math.min(name.length(), from + 8) - 1; i >= from; i--) {
      word = word << 8 | (name.charAt(i) & 0x7F);
    }
    return word;
  }

  private static void unpack(long word, StringBuilder name) {
    for (long rest = word; rest != 0; rest >>>= 8) {
      name.append((char) (rest & 0x7F));
    }
  }

  /**
   * Writes the records that are still there, oldest first.
   *
   * @param file is replaced
   * @return how many
   * @throws IOException it cannot be written
   */
  public static long write(Path file) throws IOException {
    long[] record = new long[8];
    long newest = RING.taken();
    long written = 0;
    try (BufferedWriter out = Files.newBufferedWriter(file, StandardCharsets.UTF_8)) {
      out.write(HEADING + "\n");
      for (long number = RING.oldest(newest); number <= newest; number++) {
        if (RING.copy(number, record)) {
          out.write(text(record));
          written++;
        }
      }
    }
    return written;
  }

  private static String text(long[] record) {
    int what = (int) (record[3] & 0xFF);
    String word =
        what < CHANGES.length ? CHANGES[what].name() : Step.values()[what - CHANGES.length].name();
    StringBuilder name = new StringBuilder();
    unpack(record[6], name);
    unpack(record[7], name);
    return "%d %d %d %s %d %d %s\n"
        .formatted(
            record[1],
            record[2],
            record[3] >>> 8,
            word.toLowerCase(Locale.ROOT).replace('_', '-'),
            record[4],
            record[5],
            name.isEmpty() ? "-" : name);
  }
}
