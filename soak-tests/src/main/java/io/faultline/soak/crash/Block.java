package io.faultline.soak.crash;

import java.util.Arrays;

/** The content of one block of an image; never changed, so states share it. */
final class Block {
  static final int BYTES = 4_096;
  static final int SECTOR_BYTES = 512;
  static final int SECTORS = BYTES / SECTOR_BYTES;

  private final byte[] bytes;
  private final long hash;

  /** Takes {@code bytes} over. */
  Block(byte[] bytes) {
    this.bytes = bytes;
    this.hash = Hashes.of(bytes, bytes.length);
  }

  static Block filled(byte value) {
    byte[] bytes = new byte[BYTES];
    Arrays.fill(bytes, value);
    return new Block(bytes);
  }

  /** Of which nothing may be changed. */
  byte[] bytes() {
    return bytes;
  }

  long hash() {
    return hash;
  }

  /** The first {@code sectors} of this block over {@code old}. */
  Block tornOver(Block old, int sectors) {
    byte[] mixed = old.bytes.clone();
    System.arraycopy(bytes, 0, mixed, 0, sectors * SECTOR_BYTES);
    return new Block(mixed);
  }
}
