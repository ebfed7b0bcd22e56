package io.faultline.soak;

import io.faultline.engine.runtime.RecordRing;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The last 64 MiB of what the workers did, written to files only when something was found. The
 * words of a record ({@link RecordRing}), in files little-endian:
 *
 * <pre>
 *   0  number      1 for the first record
 *   1  began       nanoseconds since the soak began
 *   2  took        nanoseconds
 *   3  what        thread (16 bits) | kind (8) | 0 (8) | inode (32)
 *   4  offset      bytes
 *   5  length      bytes
 *   6  ticket      tick of the oracle: generation of a change, start of a read
 *   7  result      bytes done, or -1 for a failure
 * </pre>
 *
 * Thread-safe, as the ring is.
 */
final class TraceRing {
  static final long BYTES = 64L << 20;
  static final long RECORD_BYTES = RecordRing.RECORD_BYTES;
  private static final int TEXT_RECORDS_MAX = 20_000;

  private final RecordRing ring;
  private final long start = System.nanoTime();

  TraceRing() {
    this(BYTES);
  }

  TraceRing(long bytes) {
    ring = new RecordRing(bytes);
  }

  void add(
      int thread,
      OpKind kind,
      long ino,
      long offset,
      long length,
      long began,
      long ticket,
      long result) {
    long what = ((long) thread << 48) | ((long) kind.code() << 40) | (ino & 0xFFFF_FFFFL);
    ring.add(began - start, System.nanoTime() - began, what, offset, length, ticket, result);
  }

  /** How many records there were, overwritten ones included. */
  long taken() {
    return ring.taken();
  }

  /** Writes what is left, oldest record first, each as described above. */
  void dump(Path file) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      long[] record = new long[8];
      ByteBuffer many = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
      long end = ring.taken();
      for (long number = ring.oldest(end); number <= end; number++) {
        if (!ring.copy(number, record)) {
          continue;
        }
        for (long word : record) {
          many.putLong(word);
        }
        if (!many.hasRemaining()) {
          out.write(many.array());
          many.clear();
        }
      }
      out.write(many.array(), 0, many.position());
    }
  }

  /**
   * Writes the newest records as text, one a line: those of one inode only, unless it is negative.
   */
  void dumpText(Path file, long ino) throws IOException {
    long end = ring.taken();
    long first = end + 1;
    long[] record = new long[8];
    int chosen = 0;
    for (long number = end; number >= ring.oldest(end) && chosen < TEXT_RECORDS_MAX; number--) {
      if (ring.copy(number, record) && concerns(record, ino)) {
        chosen++;
        first = number;
      }
    }
    try (BufferedWriter out = Files.newBufferedWriter(file, StandardCharsets.UTF_8)) {
      out.write("number began-ns took-ns thread kind ino offset length ticket result\n");
      for (long number = first; number <= end; number++) {
        if (ring.copy(number, record) && concerns(record, ino)) {
          out.write(text(record));
        }
      }
    }
  }

  private static boolean concerns(long[] record, long ino) {
    return ino < 0 || (record[3] & 0xFFFF_FFFFL) == ino;
  }

  private static String text(long[] record) {
    long what = record[3];
    return record[0]
        + " "
        + record[1]
        + " "
        + record[2]
        + " "
        + (what >>> 48)
        + " "
        + OpKind.ofCode((int) ((what >>> 40) & 0xFF)).key()
        + " "
        + (what & 0xFFFF_FFFFL)
        + " "
        + record[4]
        + " "
        + record[5]
        + " "
        + record[6]
        + " "
        + record[7]
        + "\n";
  }
}
