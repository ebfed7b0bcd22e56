package io.faultline.soak.race;

import io.faultline.engine.runtime.sim.SimulationFailure;
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

  /**
   * The violation behind a failed run; where there is none, one of kind {@code deadlock}, or {@code
   * failure}: an error that nobody is entitled to.
   */
  public static RaceViolation of(SimulationFailure failure) {
    return RaceRun.violationIn(failure)
        .orElseGet(
            () -> {
              String text = String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
              return new RaceViolation(
                  text.contains("deadlock: ") ? "deadlock" : "failure",
                  NONE,
                  NONE,
                  text,
                  "every client returns");
            });
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
