package io.faultline.soak.race;

import java.io.Serial;

/** Something a run observed that must not be. Fails the run. */
public final class RaceViolation extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private static final long NONE = -1;

  private final String kind;

  /**
   * A violation.
   *
   * @param kind one word, such as {@code stale-read}
   * @param ino the inode, -1 if none
   * @param offset in bytes, -1 if none
   * @param saw what was there
   * @param allowed what would have been right
   */
  public RaceViolation(String kind, long ino, long offset, String saw, String allowed) {
    super(
        "VIOLATION kind=%s ino=%s offset=%s saw=%s allowed=%s lsn=-"
            .formatted(kind, number(ino), number(offset), word(saw), word(allowed)));
    this.kind = kind;
  }

  /** What sort of violation it is. */
  public String kind() {
    return kind;
  }

  /** The line that scripts look for. */
  public String line() {
    return String.valueOf(getMessage());
  }

  private static String number(long value) {
    return value == NONE ? "-" : Long.toString(value);
  }

  private static String word(String text) {
    String joined = text.strip().replaceAll("[\\s\\p{Cntrl}]+", "_");
    return joined.isEmpty() ? "-" : joined;
  }
}
