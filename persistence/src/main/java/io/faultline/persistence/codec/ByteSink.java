package io.faultline.persistence.codec;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A growing byte array and the primitive forms of the codec. Not thread-safe. */
final class ByteSink {
  private byte[] bytes;
  private int size;

  ByteSink(int expectedBytes) {
    bytes = new byte[Math.max(64, expectedBytes)];
  }

  void u8(int value) {
    reserve(1);
    bytes[size++] = (byte) value;
  }

  /** Eight bytes, most significant first. */
  void i64(long value) {
    reserve(8);
    for (int shift = 56; shift >= 0; shift -= 8) {
      bytes[size++] = (byte) (value >>> shift);
    }
  }

  /** LEB128 of the unsigned value: seven bits a byte, least significant first. */
  void varint(long value) {
    reserve(10);
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      bytes[size++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[size++] = (byte) rest;
  }

  /**
   * {@code varint(length * 2 + wide)}, then one byte per char if all are below 256, else two. Keeps
   * every Java string as it is, unpaired surrogates included, which UTF-8 could not.
   */
  void string(String text) {
    int length = text.length();
    boolean wide = false;
    for (int i = 0; i < length && !wide; i++) {
      wide = text.charAt(i) > 0xFF;
    }
    varint(((long) length << 1) | (wide ? 1 : 0));
    byte[] encoded = text.getBytes(StandardCharsets.ISO_8859_1);
    if (!wide) {
      reserve(length);
      System.arraycopy(encoded, 0, bytes, size, length);
      size += length;
      return;
    }
    reserve(2 * length);
    for (int i = 0; i < length; i++) {
      bytes[size++] = (byte) (text.charAt(i) >>> 8);
      bytes[size++] = (byte) text.charAt(i);
    }
  }

  private void reserve(int more) {
    if (bytes.length - size < more) {
      bytes = Arrays.copyOf(bytes, Math.max(Math.addExact(size, more), size + (size >> 1)));
    }
  }

  int size() {
    return size;
  }

  /** What was written, not copied: nothing may be added afterwards. */
  ByteBuffer toByteBuffer() {
    return ByteBuffer.wrap(bytes, 0, size);
  }

  byte[] toByteArray() {
    return Arrays.copyOf(bytes, size);
  }
}
