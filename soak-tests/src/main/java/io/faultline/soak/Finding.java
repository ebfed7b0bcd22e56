package io.faultline.soak;

import io.faultline.ErrnoException;
import io.faultline.soak.oracle.Violation;

/**
 * Something that must not be, found by the oracle or by any other check of a soak.
 *
 * @param kind one word; those of {@link Violation.Kind} and the constants here
 * @param ino inode number, or {@link #NONE}
 * @param offset byte offset in the file, or {@link #NONE}
 * @param saw what was there; blanks are replaced when printed
 * @param allowed what should have been there
 * @param lsn newest durable transaction when it was found, or {@link #NONE}
 */
record Finding(String kind, long ino, long offset, String saw, String allowed, long lsn) {
  static final long NONE = -1;

  /** The engine failed an operation that nothing entitled it to fail. */
  static final String ERROR = "error";

  /** No operation finished for a long time. */
  static final String STUCK = "stuck";

  /** The check of the volume by itself found a contradiction. */
  static final String FSCK = "fsck";

  /** After recovery something is not what it was before. */
  static final String RECOVERY_DIFFERS = "recovery-differs";

  /** The journal, replayed from its beginning, gives another state than the live one. */
  static final String REPLAY_DIFFERS = "replay-differs";

  /** The independent model has another tree. */
  static final String MODEL_DIFFERS = "model-differs";

  /** An imported file is not what the host had. */
  static final String IMPORT_DIFFERS = "import-differs";

  private static final int TEXT_LENGTH_MAX = 400;

  static Finding of(Violation violation) {
    return new Finding(
        violation.kind().word(),
        violation.fileId(),
        violation.offset(),
        violation.saw(),
        violation.allowed(),
        violation.lsn().orElse(NONE));
  }

  static Finding error(Throwable failure) {
    long ino = NONE;
    long offset = NONE;
    if (failure instanceof ErrnoException errno) {
      ino = errno.inode() == ErrnoException.NONE ? NONE : errno.inode();
      offset = errno.offset() == ErrnoException.NONE ? NONE : errno.offset();
    }
    return new Finding(ERROR, ino, offset, failure.toString(), "success", NONE);
  }

  static Finding stuck(String text) {
    return new Finding(STUCK, NONE, NONE, text, "progress", NONE);
  }

  Finding at(long position) {
    return lsn == NONE ? new Finding(kind, ino, offset, saw, allowed, position) : this;
  }

  /** The line that scripts look for. */
  String line() {
    return "VIOLATION kind="
        + kind
        + " ino="
        + number(ino)
        + " offset="
        + number(offset)
        + " saw="
        + word(saw)
        + " allowed="
        + word(allowed)
        + " lsn="
        + number(lsn);
  }

  private static String number(long value) {
    return value == NONE ? "-" : Long.toString(value);
  }

  private static String word(String text) {
    String joined = text.strip().replaceAll("[\\s\\p{Cntrl}]+", "_");
    String cut =
        joined.length() > TEXT_LENGTH_MAX ? joined.substring(0, TEXT_LENGTH_MAX) + "…" : joined;
    return cut.isEmpty() ? "-" : cut;
  }
}
