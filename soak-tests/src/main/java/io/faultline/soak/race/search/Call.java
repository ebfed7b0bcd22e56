package io.faultline.soak.race.search;

import io.faultline.engine.errno.Errno;
import io.faultline.soak.oracle.Stamps;
import org.jspecify.annotations.Nullable;

/**
 * One operation as it was made: when it was called, when it returned, what it answered. Filled in
 * by the one task that makes it.
 */
final class Call {
  /** {@link #returned} of a call that has not returned. */
  static final long PENDING = Long.MAX_VALUE;

  /** In {@link #seen}: bytes of another file. */
  static final int FOREIGN = -2;

  /** In {@link #seen}: bytes of nobody, or torn. */
  static final int GARBAGE = -1;

  /** Its place in the program; of looks at the end a number behind all of them. */
  final int number;

  final Op op;

  /** When it was called. */
  final long called;

  /** When it returned, or {@link #PENDING}. */
  long returned = PENDING;

  /** Bytes done, or the offset found. */
  long result;

  /** Where an append landed. */
  long place;

  /** Why it failed. */
  @Nullable Errno errno;

  /** The values that a read or load saw, of {@link #result} bytes. */
  int[] seen = new int[0];

  Call(int number, Op op, long called) {
    this.number = number;
    this.op = op;
    this.called = called;
  }

  /** Whether it had returned by {@code moment}. */
  boolean overBy(long moment) {
    return returned <= moment;
  }

  /** Values of {@code bytes[0, count)} read from a file whose stamps name {@code ino}. */
  static int[] decode(byte[] bytes, int count, long ino) {
    int[] values = new int[Math.ceilDiv(count, FileState.UNIT)];
    for (int i = 0; i < values.length; i++) {
      int at = i * FileState.UNIT;
      if (at + FileState.UNIT > count) {
        values[i] = GARBAGE; // no file of ours ends there
        continue;
      }
      values[i] =
          switch (Stamps.decode(bytes, at)) {
            case Stamps.Zeros zeros -> 0;
            case Stamps.Stamp(long owner, long sub, long generation) ->
                owner == ino ? FileState.stamped(generation, sub) : FOREIGN;
            default -> GARBAGE;
          };
    }
    return values;
  }

  static String text(int value) {
    return switch (value) {
      case FOREIGN -> "another-file's";
      case GARBAGE -> "garbage";
      default -> FileState.text(value);
    };
  }
}
