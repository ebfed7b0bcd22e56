package io.faultline.soak.crash;

import io.faultline.engine.inode.FileKind;
import java.util.Map;
import java.util.SortedMap;

/**
 * What a volume holds, as found by recovering it.
 *
 * @param names every path but the root's
 * @param contents of every regular file that has a name, by inode
 */
record Found(SortedMap<String, Named> names, Map<Long, Content> contents) {
  /** What a name leads to. */
  record Named(long ino, FileKind kind, int links) {}

  /** The bytes of a file, read as they are asked for. */
  interface Content {
    int size();

    /** Copies {@code length} bytes from {@code offset}, both inside the file and one block. */
    void copy(int offset, byte[] to, int length);
  }

  /** Bytes that are at hand. */
  static final class Bytes implements Content {
    private final byte[] bytes;

    /** Takes {@code bytes} over. */
    Bytes(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public int size() {
      return bytes.length;
    }

    @Override
    public void copy(int offset, byte[] to, int length) {
      System.arraycopy(bytes, offset, to, 0, length);
    }
  }

  /** All bytes of a content. */
  static byte[] bytesOf(Content content) {
    byte[] all = new byte[content.size()];
    byte[] block = new byte[Block.BYTES];
    for (int at = 0; at < all.length; at += Block.BYTES) {
      int n = Math.min(Block.BYTES, all.length - at);
      content.copy(at, block, n);
      System.arraycopy(block, 0, all, at, n);
    }
    return all;
  }
}
