package io.faultline.bench;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A file of whole pages on some target, and which generation of each page it must hold. */
final class PageFile {
  /** For files that are only read: the host then has them in few large folios. */
  static final int LARGE_WRITES = 1 << 20;

  /**
   * For files that are overwritten page by page: ext4 walks all buffers of a large folio at each
   * write (6.18: 13 us a write where it takes 2 us this way), and a peer is measured at its best.
   */
  static final int PAGE_WRITES = Pages.BYTES;

  final Target target;
  final String name;
  final long bytes;
  final int[] generations;

  private PageFile(Target target, String name, long bytes) {
    this.target = target;
    this.name = name;
    this.bytes = bytes;
    this.generations = new int[Math.toIntExact(bytes / Pages.BYTES)];
  }

  /**
   * A new file, written from front to back by writes of {@code writeBytes}, every page of
   * generation 0.
   */
  static PageFile filled(Target target, String name, long bytes, int writeBytes)
      throws IOException {
    PageFile file = new PageFile(target, name, bytes);
    ByteBuffer buffer = Pages.buffer((int) Math.min(writeBytes, bytes));
    try (Target.Open open = file.open()) {
      for (long at = 0; at < bytes; at += buffer.capacity()) {
        for (int in = 0; in < buffer.capacity(); in += Pages.BYTES) {
          Pages.stamp(buffer, in, (at + in) / Pages.BYTES, 0);
        }
        open.write(buffer.clear(), at);
      }
      open.settle();
    }
    return file;
  }

  /** A file description of its own. */
  Target.Open open() throws IOException {
    return target.open(name, bytes);
  }

  int pages() {
    return generations.length;
  }

  /** Reads the whole file and compares it with the generations. */
  void verify() throws IOException {
    ByteBuffer buffer = Pages.buffer((int) Math.min(LARGE_WRITES, bytes));
    try (Target.Open open = open()) {
      for (long at = 0; at < bytes; at += buffer.capacity()) {
        int read = open.read(buffer.clear(), at);
        if (read != buffer.capacity()) {
          throw new WrongDataException(
              "kind=short-read file=%s offset=%d saw=%d allowed=%d"
                  .formatted(name, at, read, buffer.capacity()));
        }
        for (int in = 0; in < read; in += Pages.BYTES) {
          int page = (int) ((at + in) / Pages.BYTES);
          if (Pages.difference(buffer, in, page, generations[page]) != 0) {
            throw new WrongDataException(
                "kind=page-lost file=%s offset=%d saw=\"%x\" allowed=\"generation %d\""
                    .formatted(name, at + in, buffer.getLong(in), generations[page]));
          }
        }
      }
    }
  }

  /** Throws if the or of all differences is not 0. */
  void check(long differences) throws WrongDataException {
    if (differences != 0) {
      throw new WrongDataException(
          "kind=wrong-read file=%s offset=- saw=\"differences %x\" allowed=\"the page written\""
              .formatted(name, differences));
    }
  }
}
