package io.faultline.engine.device;

import static io.faultline.engine.device.Io.PIECE_BYTES;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Logs every write, discard and flush with its data, and builds from the log what a medium could
 * hold after a power failure at any moment.
 *
 * <p>A logical clock ticks at each submission and each completion. At time <i>t</i> a write is
 * <em>durable</em> if some flush was submitted after the write completed and itself completed
 * before <i>t</i>; every other write submitted before <i>t</i> is <em>pending</em> and its fate is
 * a {@link CrashChoice}. A failed write stays pending for ever, a failed flush makes nothing
 * durable. Kept writes are applied in the order of submission.
 *
 * <p>The log grows with the data; this is for tests.
 */
public final class RecordingDevice implements BlockDevice {
  private static final long NEVER = Long.MAX_VALUE;

  /** One logged request; {@code completed} is {@link #NEVER} while it runs and after it failed. */
  private static final class Entry {
    final Io.Op op;
    final long offset;
    final long length;
    final byte @Nullable [] data;
    final long submitted;
    long completed = NEVER;

    Entry(Io io, long submitted) {
      this.op = io.op();
      this.offset = io.deviceOffset();
      this.length = io.lengthBytes();
      this.data = op == Io.Op.WRITE ? gather(io) : null;
      this.submitted = submitted;
    }

    private static byte[] gather(Io io) {
      byte[] bytes = new byte[Math.toIntExact(io.lengthBytes())];
      MemorySegment target = MemorySegment.ofArray(bytes);
      for (int i = 0; i < io.pieces(); i++) {
        MemorySegment.copy(
            io.memory(), io.pieceOffset(i), target, (long) i * PIECE_BYTES, PIECE_BYTES);
      }
      return bytes;
    }
  }

  private final BlockDevice delegate;
  private final MemoryDevice base;
  private final Object lock = new Object();
  private final List<Entry> log = new ArrayList<>(); // guarded by lock, in order of submission
  private long clock; // guarded by lock
  private long reads; // guarded by lock
  private long writes; // guarded by lock
  private long flushes; // guarded by lock

  /**
   * Records over {@code delegate}.
   *
   * @param base what the delegate holds now; durable from the start. Copied.
   */
  public RecordingDevice(BlockDevice delegate, MemoryDevice base) {
    if (delegate.sizeBytes() != base.sizeBytes()) {
      throw new IllegalArgumentException(
          "base of %d bytes under a device of %d"
              .formatted(base.sizeBytes(), delegate.sizeBytes()));
    }
    this.delegate = delegate;
    this.base = base.copy();
  }

  /** Records over memory, whose present content is the base. */
  public RecordingDevice(MemoryDevice delegate) {
    this(delegate, delegate);
  }

  /** Records over an empty device, such as a newly created image. */
  public static RecordingDevice overEmpty(BlockDevice delegate) {
    return new RecordingDevice(delegate, new MemoryDevice(delegate.sizeBytes()));
  }

  @Override
  public boolean peek(long deviceOffset, MemorySegment to) {
    return delegate.peek(deviceOffset, to);
  }

  @Override
  public long sizeBytes() {
    return delegate.sizeBytes();
  }

  @Override
  public DeviceCapabilities capabilities() {
    return delegate.capabilities();
  }

  @Override
  public void submit(Io io) {
    check(io);
    if (io.op() == Io.Op.READ) {
      synchronized (lock) {
        reads++;
      }
      delegate.submit(io);
      return;
    }
    Entry entry;
    synchronized (lock) {
      entry = new Entry(io, clock++);
      log.add(entry);
      if (io.op() == Io.Op.WRITE) {
        writes++;
      } else if (io.op() == Io.Op.FLUSH) {
        flushes++;
      }
    }
    // Another request goes down, so that the log knows of the completion before the submitter does.
    delegate.submit(
        io.again()
            .onDone(
                below -> {
                  IOException failure = below.failure();
                  synchronized (lock) {
                    long now = clock++;
                    if (failure == null) {
                      entry.completed = now;
                    }
                  }
                  io.complete(failure);
                }));
  }

  /** Reads submitted. */
  public long reads() {
    synchronized (lock) {
      return reads;
    }
  }

  /** Writes submitted. */
  public long writes() {
    synchronized (lock) {
      return writes;
    }
  }

  /** Flushes submitted. */
  public long flushes() {
    synchronized (lock) {
      return flushes;
    }
  }

  /** The logical time: all crash moments so far are 0 to this, inclusive. */
  public long clock() {
    synchronized (lock) {
      return clock;
    }
  }

  /** Requests (writes and discards) whose fate a crash at {@code moment} would leave open. */
  public int pendingAt(long moment) {
    synchronized (lock) {
      long barrier = barrier(moment);
      return (int) log.stream().filter(e -> isPending(e, barrier, moment)).count();
    }
  }

  /** What the medium could hold if the power went now. */
  public MemoryDevice crashImage(CrashChoice choice) {
    return crashImageAt(clock(), choice);
  }

  /** What it could have held had the power gone at {@code moment}, 0 to {@link #clock()}. */
  public MemoryDevice crashImageAt(long moment, CrashChoice choice) {
    MemoryDevice image = base.copy();
    synchronized (lock) {
      long barrier = barrier(moment);
      int request = 0;
      for (Entry e : log) {
        if (e.op == Io.Op.FLUSH || e.submitted >= moment) {
          continue;
        }
        if (isPending(e, barrier, moment)) {
          apply(image, e, request++, choice);
        } else {
          apply(image, e, -1, CrashChoice.keepAll());
        }
      }
    }
    return image;
  }

  /** Writes completed before this time are durable at {@code moment}. */
  private long barrier(long moment) {
    return log.stream()
        .filter(e -> e.op == Io.Op.FLUSH && e.completed < moment)
        .map(e -> e.submitted)
        .max(Comparator.naturalOrder())
        .orElse(-1L);
  }

  private static boolean isPending(Entry e, long barrier, long moment) {
    return e.op != Io.Op.FLUSH && e.submitted < moment && e.completed > barrier;
  }

  private static void apply(MemoryDevice image, Entry e, int request, CrashChoice choice) {
    if (e.op == Io.Op.DISCARD) {
      if (choice.sectorsKept(new CrashChoice.Pending(request, 0, e.offset, true)) > 0) {
        image.zero(e.offset, e.length);
      }
      return;
    }
    MemorySegment data = MemorySegment.ofArray(e.data == null ? new byte[0] : e.data);
    for (int i = 0; (long) i * PIECE_BYTES < e.length; i++) {
      long within = (long) i * PIECE_BYTES;
      int kept = choice.sectorsKept(new CrashChoice.Pending(request, i, e.offset + within, false));
      if (kept > 0) {
        image.put(e.offset + within, data, within, kept * CrashChoice.SECTOR_BYTES);
      }
    }
  }

  @Override
  public void close() throws IOException {
    delegate.close();
  }
}
