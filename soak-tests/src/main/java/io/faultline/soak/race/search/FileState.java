package io.faultline.soak.race.search;

import io.faultline.soak.oracle.Stamps;
import java.util.Arrays;

/**
 * Content of one file: per 512 bytes who wrote them, up to its size. A value is 0 for zeros,
 * otherwise {@link #value}. What lies behind the end is zeros, so that growing shows them.
 * Immutable.
 */
final class FileState {
  /** Bytes that one value stands for; sizes and ranges are multiples of it. */
  static final int UNIT = Stamps.SUB_BLOCK_BYTES;

  /** Units of a page. */
  static final int PAGE = 4096 / UNIT;

  static final FileState EMPTY = new FileState(new int[0]);

  private static final int PLACE_BITS = 12;

  private final int[] units;

  private FileState(int[] units) {
    this.units = units;
  }

  /** Unit {@code place} of what operation {@code op} writes. */
  static int value(int op, int place) {
    return ((op + 1) << PLACE_BITS) | place;
  }

  /** The generation that the stamp of an operation carries. */
  static long generation(int op) {
    return op + 1L;
  }

  /** The value that a stamp with this generation and sub-block stands for. */
  static int stamped(long generation, long subBlock) {
    return (int) generation << PLACE_BITS | (int) subBlock;
  }

  /** A value for people: zeros, or which byte of whose write. */
  static String text(int value) {
    return value == 0
        ? "zeros"
        : "op" + ((value >>> PLACE_BITS) - 1) + "@" + (value & (1 << PLACE_BITS) - 1) * UNIT;
  }

  /** Units up to the end of file. */
  int size() {
    return units.length;
  }

  /** The value of a unit, zeros behind the end. */
  int at(int unit) {
    return unit < units.length ? units[unit] : 0;
  }

  int[] units() {
    return units;
  }

  boolean zeros(int from, int to) {
    for (int i = from; i < Math.min(to, units.length); i++) {
      if (units[i] != 0) {
        return false;
      }
    }
    return true;
  }

  /** Units {@code [from, to)} of a write that began at {@code start}. */
  FileState write(int op, int start, int from, int to) {
    int[] next = Arrays.copyOf(units, Math.max(units.length, to));
    for (int i = from; i < to; i++) {
      next[i] = value(op, i - start);
    }
    return new FileState(next);
  }

  FileState zero(int from, int to) {
    if (zeros(from, to)) {
      return this;
    }
    int[] next = units.clone();
    Arrays.fill(next, from, Math.min(to, units.length), 0);
    return new FileState(next);
  }

  FileState resize(int size) {
    return size == units.length ? this : new FileState(Arrays.copyOf(units, size));
  }

  FileState collapse(int from, int to) {
    int[] next = Arrays.copyOf(units, units.length - (to - from));
    System.arraycopy(units, to, next, from, units.length - to);
    return new FileState(next);
  }

  FileState insert(int at, int length) {
    int[] next = Arrays.copyOf(units, units.length + length);
    Arrays.fill(next, at, at + length, 0);
    System.arraycopy(units, at, next, at + length, units.length - at);
    return new FileState(next);
  }
}
