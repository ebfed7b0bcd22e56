package io.faultline.soak.price;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What a page holds: where it belongs and which version it is, at its begin and hashed at its end,
 * and words between that are the same everywhere. Cheap enough to stamp and to sum up that the
 * load, not the check, is what is measured.
 */
final class PagePattern {
  static final int PAGE_BYTES = 4096;

  private static final int LAST = PAGE_BYTES - Long.BYTES;
  private static final long STEP = 0x9E37_79B9_7F4A_7C15L;
  private static final long BODY = bodySum();

  private PagePattern() {}

  /** A direct buffer for whole pages; made by the thread that uses it, so that none share lines. */
  static ByteBuffer buffer(int pages) {
    ByteBuffer buffer =
        ByteBuffer.allocateDirect(pages * PAGE_BYTES).order(ByteOrder.nativeOrder());
    for (int at = 0; at < buffer.capacity(); at += Long.BYTES) {
      buffer.putLong(at, at % PAGE_BYTES * STEP);
    }
    return buffer;
  }

  private static long bodySum() {
    long sum = 0;
    for (int at = Long.BYTES; at < LAST; at += Long.BYTES) {
      sum += at * STEP;
    }
    return sum;
  }

  private static long hash(long tag) {
    long mixed = (tag ^ (tag >>> 29)) * STEP;
    return mixed ^ (mixed >>> 32);
  }

  /** What identifies a page and its version; never 0. */
  static long tag(int page, int version) {
    return (page + 1L) << 32 | version;
  }

  static int pageOf(long tag) {
    return (int) (tag >>> 32) - 1;
  }

  static int versionOf(long tag) {
    return (int) tag;
  }

  /** Makes the {@code index}th page of a {@link #buffer} that of {@code tag}. */
  static void stamp(ByteBuffer buffer, int index, long tag) {
    buffer.putLong(index * PAGE_BYTES, tag);
    buffer.putLong(index * PAGE_BYTES + LAST, hash(tag));
  }

  /** The checksum of the page in a buffer of one. */
  static long sum(ByteBuffer buffer) {
    long sum = 0;
    for (int at = 0; at < PAGE_BYTES; at += Long.BYTES) {
      sum += buffer.getLong(at);
    }
    return sum;
  }

  /** What {@link #sum} gives for a page that is whole. */
  static long sumOf(long tag) {
    return tag + hash(tag) + BODY;
  }
}
