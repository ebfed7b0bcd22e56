package io.faultline.persistence.segment;

import io.faultline.engine.device.JournalStore;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A file read forwards through one buffer, which grows to the largest record asked for and never
 * beyond what the file holds. Not thread-safe.
 */
public final class SegmentWindow {
  private static final int WINDOW_BYTES = 1 << 20;

  private final JournalStore.JournalFile file;
  private final boolean living;
  private long length;
  private ByteBuffer window = ByteBuffer.allocate(0);
  private long windowStart;

  public SegmentWindow(JournalStore.JournalFile file) throws IOException {
    this(file, false);
  }

  /**
   * A window on a file.
   *
   * @param living whether somebody may cut the file while it is read: then it ends there, which
   *     otherwise is an error
   */
  SegmentWindow(JournalStore.JournalFile file, boolean living) throws IOException {
    this.file = file;
    this.living = living;
    this.length = file.length();
  }

  /** Bytes; as it was when reading began, or less when it was found cut. */
  public long length() {
    return length;
  }

  /**
   * {@code [position, position + bytes)} or the shorter rest of the file; position 0, limit the
   * number of bytes. Valid until the next call.
   */
  public ByteBuffer at(long position, int bytes) throws IOException {
    int wanted = (int) Math.max(0, Math.min(bytes, length - position));
    long skip = position - windowStart;
    if (skip < 0 || skip + wanted > window.limit()) {
      load(position, wanted);
      wanted = Math.min(wanted, window.limit());
      skip = 0;
    }
    return window.slice((int) skip, wanted);
  }

  /** What is asked for next is read from the file again. */
  void forget() {
    window.limit(0);
  }

  private void load(long position, int wanted) throws IOException {
    int size = (int) Math.min(Math.max(WINDOW_BYTES, wanted), length - position);
    if (window.capacity() < size) {
      window = ByteBuffer.allocate(size);
    }
    window.clear().limit(size);
    windowStart = position;
    while (window.hasRemaining()) {
      int read = file.read(window, position + window.position());
      if (read <= 0 && living) {
        length = position + window.position();
        break;
      }
      if (read <= 0) {
        throw new IOException("journal file ended at " + (position + window.position()));
      }
    }
    window.flip();
  }
}
