package io.faultline.soak;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The last 64 MiB of what the workers did, in memory outside the heap; written to files only when
 * something was found. A record is 64 bytes, eight little-endian words:
 *
 * <pre>
 *   0  number      1 for the first record; 0 means never written
 *   1  began       nanoseconds since the soak began
 *   2  took        nanoseconds
 *   3  what        thread (16 bits) | kind (8) | 0 (8) | inode (32)
 *   4  offset      bytes
 *   5  length      bytes
 *   6  ticket      tick of the oracle: generation of a change, start of a read
 *   7  result      bytes done, or -1 for a failure
 * </pre>
 *
 * Thread-safe: a record costs one atomic add and nine stores. A record that is overwritten while it
 * is being dumped is left out.
 */
final class TraceRing {
  static final long BYTES = 64L << 20;
  static final long RECORD_BYTES = 64;
  private static final int TEXT_RECORDS_MAX = 20_000;
  private static final VarHandle NUMBER = ValueLayout.JAVA_LONG.varHandle();

  private final MemorySegment ring;
  private final long records;
  private final AtomicLong taken = new AtomicLong();
  private final long start = System.nanoTime();

  TraceRing() {
    this(BYTES);
  }

  TraceRing(long bytes) {
    ring = Arena.ofAuto().allocate(bytes, RECORD_BYTES);
    records = bytes / RECORD_BYTES;
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
    long number = taken.getAndIncrement() + 1;
    long at = (number - 1) % records * RECORD_BYTES;
    NUMBER.setVolatile(ring, at, 0L);
    ring.set(ValueLayout.JAVA_LONG, at + 8, began - start);
    ring.set(ValueLayout.JAVA_LONG, at + 16, System.nanoTime() - began);
    long what = ((long) thread << 48) | ((long) kind.code() << 40) | (ino & 0xFFFF_FFFFL);
    ring.set(ValueLayout.JAVA_LONG, at + 24, what);
    ring.set(ValueLayout.JAVA_LONG, at + 32, offset);
    ring.set(ValueLayout.JAVA_LONG, at + 40, length);
    ring.set(ValueLayout.JAVA_LONG, at + 48, ticket);
    ring.set(ValueLayout.JAVA_LONG, at + 56, result);
    NUMBER.setRelease(ring, at, number);
  }

  /** How many records there were, overwritten ones included. */
  long taken() {
    return taken.get();
  }

  /** Writes what is left, oldest record first, each as described above. */
  void dump(Path file) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      byte[] record = new byte[(int) RECORD_BYTES];
      byte[] many = new byte[1 << 20];
      int filled = 0;
      long end = taken.get();
      for (long number = oldest(end); number <= end; number++) {
        if (!copy(number, record)) {
          continue;
        }
        System.arraycopy(record, 0, many, filled, record.length);
        filled += record.length;
        if (filled == many.length) {
          out.write(many, 0, filled);
          filled = 0;
        }
      }
      out.write(many, 0, filled);
    }
  }

  /**
   * Writes the newest records as text, one a line: those of one inode only, unless it is negative.
   */
  void dumpText(Path file, long ino) throws IOException {
    long end = taken.get();
    long first = end + 1;
    byte[] record = new byte[(int) RECORD_BYTES];
    int chosen = 0;
    for (long number = end; number >= oldest(end) && chosen < TEXT_RECORDS_MAX; number--) {
      if (copy(number, record) && concerns(record, ino)) {
        chosen++;
        first = number;
      }
    }
    try (BufferedWriter out = Files.newBufferedWriter(file, StandardCharsets.UTF_8)) {
      out.write("number began-ns took-ns thread kind ino offset length ticket result\n");
      for (long number = first; number <= end; number++) {
        if (copy(number, record) && concerns(record, ino)) {
          out.write(text(record));
        }
      }
    }
  }

  private long oldest(long end) {
    return Math.max(1, end - records + 1);
  }

  private boolean copy(long number, byte[] into) {
    long at = (number - 1) % records * RECORD_BYTES;
    if ((long) NUMBER.getAcquire(ring, at) != number) {
      return false;
    }
    MemorySegment.copy(ring, at, MemorySegment.ofArray(into), 0, RECORD_BYTES);
    VarHandle.loadLoadFence();
    return (long) NUMBER.getVolatile(ring, at) == number;
  }

  private static long word(byte[] record, int index) {
    return MemorySegment.ofArray(record).get(ValueLayout.JAVA_LONG_UNALIGNED, index * 8L);
  }

  private static boolean concerns(byte[] record, long ino) {
    return ino < 0 || (word(record, 3) & 0xFFFF_FFFFL) == ino;
  }

  private static String text(byte[] record) {
    long what = word(record, 3);
    return word(record, 0)
        + " "
        + word(record, 1)
        + " "
        + word(record, 2)
        + " "
        + (what >>> 48)
        + " "
        + OpKind.ofCode((int) ((what >>> 40) & 0xFF)).key()
        + " "
        + (what & 0xFFFF_FFFFL)
        + " "
        + word(record, 4)
        + " "
        + word(record, 5)
        + " "
        + word(record, 6)
        + " "
        + word(record, 7)
        + "\n";
  }
}
