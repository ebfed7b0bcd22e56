package io.faultline.engine.device;

import static io.faultline.engine.device.Io.PIECE_BYTES;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Keeps zeros written in a sparse image behind the highest write, so that most writes find blocks
 * that the host has allocated: then neither they nor the flush behind them cost the host a
 * transaction.
 *
 * <p>Zeros are written only over what was read as zeros, while nobody writes there, so no read ever
 * sees a difference. The allocator hands out low blocks first; a write far above the others moves
 * the place where zeros are written, and those below then do without.
 *
 * <p>All methods are thread-safe. A write above the zeros may wait for {@value #CHUNK_BYTES} bytes
 * of them to be read and written, never for more; one below waits for nothing. The first failure,
 * such as a full host, ends it for good and is nobody's: the writes themselves go on as without.
 */
final class ZerosAhead {
  private static final int CHUNK_BYTES = 1 << 20;

  /** As far ahead at first, so that a small volume stays one; doubled up to the next. */
  private static final long AHEAD_BYTES_MIN = CHUNK_BYTES;

  private static final long AHEAD_BYTES_MAX = 32L << 20;

  private final ImageFile file;
  private final long sizeBytes;
  private final Executor executor;

  /** Shared by writes that end above {@link #zeroedTo}, exclusive for writing zeros. */
  private final ReentrantReadWriteLock writing = new ReentrantReadWriteLock();

  /** Where zeros are never written again. Grows, under the exclusive lock only. */
  private volatile long zeroedTo;

  private final AtomicLong highest = new AtomicLong();
  private final AtomicBoolean running = new AtomicBoolean();
  private volatile long ahead = AHEAD_BYTES_MIN;
  private volatile boolean off;

  /** For a direct image; zeros are written by {@code executor}. */
  ZerosAhead(ImageFile file, long sizeBytes, Executor executor) {
    this.file = file;
    this.sizeBytes = sizeBytes;
    this.executor = executor;
  }

  /** Performs a write. */
  void write(Io io) throws IOException {
    long end = io.deviceOffset() + io.lengthBytes();
    if (off || end <= zeroedTo) {
      file.transfer(io);
    } else {
      writing.readLock().lock();
      try {
        file.transfer(io);
      } finally {
        writing.readLock().unlock();
      }
      highest.accumulateAndGet(end, Math::max);
    }
    if (!off && end + ahead / 2 > zeroedTo && running.compareAndSet(false, true)) {
      try {
        executor.execute(this::run);
      } catch (RejectedExecutionException closing) {
        off = true;
      }
    }
  }

  private void run() {
    try (Arena own = Arena.ofConfined()) {
      MemorySegment found = own.allocate(CHUNK_BYTES, PIECE_BYTES);
      MemorySegment zeros = own.allocate(CHUNK_BYTES, PIECE_BYTES);
      long to = Math.min(sizeBytes, Math.max(zeroedTo, highest.get()) + ahead);
      while (!off && zeroedTo < to) {
        writing.writeLock().lock();
        try {
          long from = Math.max(zeroedTo, highest.get());
          int bytes = (int) Math.min(CHUNK_BYTES, sizeBytes - from);
          if (bytes > 0) {
            writeZeros(from, found.asSlice(0, bytes), zeros.asSlice(0, bytes));
          }
          zeroedTo = from + bytes;
        } finally {
          writing.writeLock().unlock();
        }
      }
      ahead = Math.min(2 * ahead, AHEAD_BYTES_MAX);
    } catch (IOException | RuntimeException full) {
      off = true;
    } finally {
      running.set(false);
    }
  }

  private void writeZeros(long from, MemorySegment found, MemorySegment zeros) throws IOException {
    int pieces = (int) (found.byteSize() / PIECE_BYTES);
    long[] straight = new long[pieces];
    for (int i = 0; i < pieces; i++) {
      straight[i] = (long) i * PIECE_BYTES;
    }
    file.transfer(Io.read(from, found, straight, pieces));
    // Somebody's data, of an earlier opening: left alone, with what is around it.
    if (found.mismatch(zeros) == -1) {
      file.transfer(Io.write(from, zeros, straight, pieces));
    }
  }

  /** Ends it. */
  void stop() {
    off = true;
  }
}
