package io.faultline;

import java.time.Instant;

/** Instants as nanoseconds since the epoch, which reach from the year 1677 to 2262. */
final class Times {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  private Times() {}

  /**
   * Nanoseconds since the epoch.
   *
   * @throws ErrnoException EINVAL a long cannot hold them
   */
  static long nanos(Instant instant) throws ErrnoException {
    try {
      return Math.addExact(
          Math.multiplyExact(instant.getEpochSecond(), NANOS_PER_SECOND), (long) instant.getNano());
    } catch (ArithmeticException tooFar) {
      throw new ErrnoException(
          Errno.EINVAL,
          "setTimes",
          instant + " is outside 1677-09-21 to 2262-04-11, the years a time can hold");
    }
  }
}
