package io.faultline.persistence.codec;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The reading half of {@link ByteSink}. Nothing it meets makes it read past the end, loop, or
 * allocate more than the input is long.
 */
final class ByteSource {
  private final ByteBuffer in;
  private final int start;

  /** Reads what remains in {@code in}, most significant byte first. */
  ByteSource(ByteBuffer in) {
    if (in.order() != ByteOrder.BIG_ENDIAN) {
      throw new IllegalArgumentException("bytes in the order " + in.order());
    }
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
    return in.getLong();
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
    int header = stringHeader();
    int length = header >>> 1;
    if ((header & 1) == 0) {
      byte[] latin = new byte[length];
      in.get(latin);
      return new String(latin, StandardCharsets.ISO_8859_1);
    }
    char[] chars = new char[length];
    for (int i = 0; i < length; i++) {
      chars[i] = in.getChar();
    }
    return new String(chars);
  }

  /** Passes over a string. */
  void skipString() throws CodecException {
    int header = stringHeader();
    in.position(in.position() + ((header >>> 1) << (header & 1)));
  }

  /** The string that begins {@code offset} bytes from the beginning; what is read next stays. */
  String stringAt(int offset) throws CodecException {
    int here = in.position();
    in.position(start + offset);
    String text = string();
    in.position(here);
    return text;
  }

  /** Twice the length, and one if a char takes two bytes; all of them are there. */
  private int stringHeader() throws CodecException {
    int header = count(2L * in.remaining() + 1, "half chars");
    int length = header >>> 1;
    need((long) length << (header & 1), "a string of " + length);
    return header;
  }

  private void need(long bytes, String what) throws CodecException {
    if (in.remaining() < bytes) {
      throw new CodecException(
          what + " needs " + bytes + " bytes, " + in.remaining() + " are left", offset());
    }
  }
}
