package io.faultline.persistence.codec;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The reading half of {@link ByteSink}. Nothing it meets makes it read past the end, loop, or
 * allocate more than the input is long.
 */
final class ByteSource {
  private final ByteBuffer in;
  private final int start;

  ByteSource(ByteBuffer in) {
    this.in = in;
    this.start = in.position();
  }

  /** Bytes read so far. */
  int offset() {
    return in.position() - start;
  }

  int remaining() {
    return in.remaining();
  }

  int u8() throws CodecException {
    need(1, "a byte");
    return in.get() & 0xFF;
  }

  long i64() throws CodecException {
    need(8, "a number");
    long value = 0;
    for (int i = 0; i < 8; i++) {
      value = (value << 8) | (in.get() & 0xFF);
    }
    return value;
  }

  long varint() throws CodecException {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      int b = u8();
      if (shift == 63 && b > 1) {
        throw new CodecException("a number of more than 64 bits", offset());
      }
      value |= (long) (b & 0x7F) << shift;
      if (b < 0x80) {
        // One value has one form: golden bytes and replays compare byte by byte.
        if (b == 0 && shift > 0) {
          throw new CodecException("a number in too many bytes", offset());
        }
        return value;
      }
    }
  }

  /** A varint that must be in {@code [0, limit]}. */
  int count(long limit, String what) throws CodecException {
    long value = varint();
    if (value < 0 || value > limit || value > Integer.MAX_VALUE) {
      throw new CodecException(
          Long.toUnsignedString(value) + " " + what + " where at most " + limit + " fit", offset());
    }
    return (int) value;
  }

  /** A varint that must be a non-negative long. */
  long size(String what) throws CodecException {
    long value = varint();
    if (value < 0) {
      throw new CodecException("a negative " + what, offset());
    }
    return value;
  }

  int i32() throws CodecException {
    long value = varint();
    if (value != (value & 0xFFFF_FFFFL)) {
      throw new CodecException("a number of more than 32 bits", offset());
    }
    return (int) value;
  }

  boolean bool() throws CodecException {
    int value = u8();
    if (value > 1) {
      throw new CodecException("the truth value " + value, offset());
    }
    return value == 1;
  }

  String string() throws CodecException {
    int header = count(2L * in.remaining() + 1, "half chars");
    int length = header >>> 1;
    boolean wide = (header & 1) != 0;
    need(wide ? 2L * length : length, "a string of " + length);
    if (!wide) {
      byte[] latin = new byte[length];
      in.get(latin);
      return new String(latin, StandardCharsets.ISO_8859_1);
    }
    char[] chars = new char[length];
    for (int i = 0; i < length; i++) {
      chars[i] = (char) ((in.get() & 0xFF) << 8 | (in.get() & 0xFF));
    }
    return new String(chars);
  }

  private void need(long bytes, String what) throws CodecException {
    if (in.remaining() < bytes) {
      throw new CodecException(
          what + " needs " + bytes + " bytes, " + in.remaining() + " are left", offset());
    }
  }
}
