package io.faultline.persistence.checkpoint;

import java.util.concurrent.TimeUnit;

/**
 * How much of the past a volume keeps: what of its journal stays although a checkpoint has made it
 * superfluous for recovery. Always at least what recovery needs, and never less than asked for;
 * more by a segment and the distance between two checkpoints.
 */
public sealed interface Keep {
  /** Everything since the volume was made. */
  record All() implements Keep {}

  /**
   * Segments with an event of the last {@code days}.
   *
   * @param days at least 0
   */
  record Days(long days) implements Keep {
    /** More than this is {@link All}: nanoseconds since 1970 end after 106,751 days. */
    public static final long DAYS_MAX = 100_000;

    public Days {
      if (days < 0 || days > DAYS_MAX) {
        throw new IllegalArgumentException(days + " days");
      }
    }

    long nanos() {
      return TimeUnit.DAYS.toNanos(days);
    }
  }

  /**
   * The newest {@code bytes} of the journal.
   *
   * @param bytes at least 0
   */
  record Bytes(long bytes) implements Keep {
    public Bytes {
      if (bytes < 0) {
        throw new IllegalArgumentException(bytes + " bytes");
      }
    }
  }
}
