package io.faultline.bench;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What the pages of a measured file hold, so that every timed read can be compared with what it had
 * to give. Three words of a page, at its beginning, middle and end, name the page and how often it
 * was written; a swapped, shifted, stale or torn page differs. The comparison is a few loads and no
 * branch; differences are or-ed together, so two of them never cancel.
 *
 * <p>Buffers are in native byte order; {@code at} is where the page begins in the buffer.
 */
final class Pages {
  /** Bytes of a page. */
  static final int BYTES = 4096;

  /** Generations count modulo this. */
  static final int GENERATIONS = 1 << 24;

  private static final int MIDDLE = 2048;
  private static final int END = BYTES - Long.BYTES;
  // Odd, so that a word is never right at another place of the page.
  private static final long MIDDLE_SALT = 0x9E37_79B9_7F4A_7C15L;
  private static final long END_SALT = 0xC2B2_AE3D_27D4_EB4FL;

  private Pages() {}

  /** A direct buffer that begins on a page of memory and whose filler bytes are not zero. */
  static ByteBuffer buffer(int bytes) {
    ByteBuffer buffer =
        ByteBuffer.allocateDirect(bytes + BYTES).alignedSlice(BYTES).slice(0, bytes);
    buffer.order(ByteOrder.nativeOrder());
    for (int at = 0; at < bytes; at += Long.BYTES) {
      buffer.putLong(at, at * MIDDLE_SALT);
    }
    return buffer;
  }

  // Not 0 for any page, so that a hole never passes for a page.
  private static long word(long page, int generation) {
    return (page + 1) << 24 | (generation & GENERATIONS - 1);
  }

  /** Makes what is at {@code at} that generation of that page. */
  static void stamp(ByteBuffer buffer, int at, long page, int generation) {
    long word = word(page, generation);
    buffer.putLong(at, word);
    buffer.putLong(at + MIDDLE, word ^ MIDDLE_SALT);
    buffer.putLong(at + END, word ^ END_SALT);
  }

  /** 0 if and only if that generation of that page is there. */
  static long difference(ByteBuffer buffer, int at, long page, int generation) {
    long word = word(page, generation);
    return (buffer.getLong(at) ^ word)
        | (buffer.getLong(at + MIDDLE) ^ MIDDLE_SALT ^ word)
        | (buffer.getLong(at + END) ^ END_SALT ^ word);
  }

  /**
   * 0 if and only if that page is there, of any generation; of one and the same if {@code atomic}.
   */
  static long strange(ByteBuffer buffer, int at, long page, boolean atomic) {
    long first = buffer.getLong(at);
    long middle = buffer.getLong(at + MIDDLE) ^ MIDDLE_SALT;
    long end = buffer.getLong(at + END) ^ END_SALT;
    long torn = atomic ? (first ^ middle) | (first ^ end) : 0;
    return (first >>> 24 ^ page + 1) | (middle >>> 24 ^ page + 1) | (end >>> 24 ^ page + 1) | torn;
  }

  /**
   * As {@link #strange}, but the page may be a hole; parts of it may if it is not {@code atomic}.
   */
  static long strangeOrHole(ByteBuffer buffer, int at, long page, boolean atomic) {
    long first = buffer.getLong(at);
    long middle = buffer.getLong(at + MIDDLE);
    long end = buffer.getLong(at + END);
    if ((first | middle | end) == 0) {
      return 0;
    }
    if (atomic || (first != 0 && middle != 0 && end != 0)) {
      return strange(buffer, at, page, atomic);
    }
    long word = page + 1;
    return (first == 0 ? 0 : first >>> 24 ^ word)
        | (middle == 0 ? 0 : (middle ^ MIDDLE_SALT) >>> 24 ^ word)
        | (end == 0 ? 0 : (end ^ END_SALT) >>> 24 ^ word);
  }
}
