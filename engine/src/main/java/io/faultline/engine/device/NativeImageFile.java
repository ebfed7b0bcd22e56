package io.faultline.engine.device;

import static io.faultline.engine.device.Io.PIECE_BYTES;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * An image file through system calls: {@code preadv}, {@code pwritev}, {@code fdatasync}. A thread
 * interrupt means nothing to them, no monitor is shared between readers, and {@code O_DIRECT} skips
 * the host's cache.
 *
 * <p>Direct transfers need memory aligned to a piece; other memory (heap arrays, odd addresses)
 * goes through an aligned buffer of the calling thread. Where the host refuses O_DIRECT, at open or
 * at the first transfer (both are EINVAL), the descriptor becomes buffered for good.
 */
final class NativeImageFile implements ImageFile {
  /**
   * Upper bound of one call's vector; adjacent pieces share an entry, so this is rarely reached.
   */
  private static final int VECTOR_ENTRIES = 256;

  private static final int SECTOR_BYTES = 512;
  private static final int BOUNCE_PIECES = 16;
  private static final long IOVEC_BYTES = 16;

  /** What a thread needs for a call; automatic arenas, so it goes with the thread. */
  private static final class Scratch {
    final MemorySegment vector = Arena.ofAuto().allocate(VECTOR_ENTRIES * IOVEC_BYTES, 8);
    private MemorySegment bounce = MemorySegment.NULL;

    MemorySegment bounce() {
      if (bounce.equals(MemorySegment.NULL)) {
        bounce = Arena.ofAuto().allocate((long) BOUNCE_PIECES * PIECE_BYTES, PIECE_BYTES);
      }
      return bounce;
    }
  }

  private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

  private final Syscalls calls;
  private final Path path;
  private final int fd;
  private volatile boolean direct;
  private volatile boolean discards = true;

  private NativeImageFile(Syscalls calls, Path path, int fd, boolean direct) {
    this.calls = calls;
    this.path = path;
    this.fd = fd;
    this.direct = direct;
  }

  /**
   * Opens the file, direct where the host allows it.
   *
   * @param createBytes length of a new file, or -1 to open one that exists
   */
  static NativeImageFile open(Syscalls calls, Path path, long createBytes, boolean readOnly)
      throws IOException {
    int flags =
        (readOnly ? LinuxSyscalls.O_RDONLY : LinuxSyscalls.O_RDWR) | LinuxSyscalls.O_CLOEXEC;
    if (createBytes >= 0) {
      createSparse(calls, path, createBytes);
    }
    int directFlag = LinuxSyscalls.directFlag(System.getProperty("os.arch", ""));
    int fd = open(calls, path, flags | directFlag);
    boolean direct = directFlag != 0;
    if (fd == -Syscalls.EINVAL && direct) {
      direct = false;
      fd = open(calls, path, flags);
    }
    if (fd < 0) {
      throw openFailure(path, -fd);
    }
    return new NativeImageFile(calls, path, fd, direct);
  }

  /** Apart from opening: O_CREAT|O_DIRECT leaves an empty file behind where O_DIRECT is refused. */
  private static void createSparse(Syscalls calls, Path path, long lengthBytes) throws IOException {
    int flags =
        LinuxSyscalls.O_RDWR
            | LinuxSyscalls.O_CREAT
            | LinuxSyscalls.O_EXCL
            | LinuxSyscalls.O_CLOEXEC;
    int fd = open(calls, path, flags);
    if (fd < 0) {
      throw openFailure(path, -fd);
    }
    int r = calls.ftruncate(fd, lengthBytes);
    calls.close(fd);
    if (r < 0) {
      throw new IOException(
          "cannot give %s a length of %d bytes: %s"
              .formatted(path, lengthBytes, Syscalls.name(-r)));
    }
  }

  private static int open(Syscalls calls, Path path, int flags) {
    int fd;
    do {
      fd = calls.open(path.toString(), flags, 0644);
    } while (fd == -Syscalls.EINTR);
    return fd;
  }

  private static IOException openFailure(Path path, int errno) {
    return switch (Syscalls.name(errno)) {
      case "ENOENT" -> new NoSuchFileException(path.toString());
      case "EEXIST" -> new FileAlreadyExistsException(path.toString());
      case String name -> new IOException("cannot open " + path + ": " + name);
    };
  }

  @Override
  public void transfer(Io io) throws IOException {
    boolean bounced = !io.memory().isNative() || (direct && misaligned(io));
    Scratch scratch = SCRATCH.get();
    if (bounced) {
      bounce(io, scratch);
      return;
    }
    long base = io.memory().address();
    long done = 0;
    try {
      while (done < io.lengthBytes()) {
        int entries = fillVector(io, base, done, scratch.vector);
        done += move(io, scratch.vector, entries, io.deviceOffset() + done);
      }
    } finally {
      // The kernel was given bare addresses; this is what keeps the memory alive meanwhile.
      Reference.reachabilityFence(io);
    }
  }

  private static boolean misaligned(Io io) {
    long bits = io.memory().address();
    for (int i = 0; i < io.pieces(); i++) {
      if ((bits + io.pieceOffset(i)) % PIECE_BYTES != 0) {
        return true;
      }
    }
    return false;
  }

  /** Describes the memory of request bytes [done, …) as far as the vector reaches. */
  private static int fillVector(Io io, long base, long done, MemorySegment vector) {
    int entries = 0;
    long expected = 0; // where the previous entry ended
    int skip = (int) (done % PIECE_BYTES);
    for (int i = (int) (done / PIECE_BYTES); i < io.pieces(); i++) {
      long address = base + io.pieceOffset(i) + skip;
      long length = (long) PIECE_BYTES - skip;
      skip = 0;
      if (entries > 0 && address == expected) {
        long at = (entries - 1) * IOVEC_BYTES + 8;
        vector.set(ValueLayout.JAVA_LONG, at, vector.get(ValueLayout.JAVA_LONG, at) + length);
      } else if (entries == VECTOR_ENTRIES) {
        break;
      } else {
        vector.set(ValueLayout.JAVA_LONG, entries * IOVEC_BYTES, address);
        vector.set(ValueLayout.JAVA_LONG, entries * IOVEC_BYTES + 8, length);
        entries++;
      }
      expected = address + length;
    }
    return entries;
  }

  /** One call, repeated while a signal interrupts it; returns the bytes it moved, at least one. */
  private long move(Io io, MemorySegment vector, int entries, long offset) throws IOException {
    boolean read = io.op() == Io.Op.READ;
    while (true) {
      boolean wasDirect = direct; // sampled before the call: another thread may change it meanwhile
      long n =
          read
              ? calls.preadv(fd, vector, entries, offset)
              : calls.pwritev(fd, vector, entries, offset);
      if (n == -Syscalls.EINTR) {
        continue;
      }
      if (n == -Syscalls.EINVAL && wasDirect && calls.makeBuffered(fd) >= 0) {
        direct = false;
        continue;
      }
      if (n < 0) {
        throw failure(io, offset, Syscalls.name(-n));
      }
      // A direct transfer goes on at a sector only; what lies beyond the last whole one is moved
      // again.
      long whole = wasDirect ? n - n % SECTOR_BYTES : n;
      if (whole == 0) {
        throw failure(io, offset, n == 0 && read ? "unexpected end of file" : "no progress");
      }
      return whole;
    }
  }

  private IOException failure(Io io, long offset, String why) {
    return new IOException(
        "%s of %d bytes at offset %d of %s failed at offset %d: %s"
            .formatted(io.op(), io.lengthBytes(), io.deviceOffset(), path, offset, why));
  }

  private void bounce(Io io, Scratch scratch) throws IOException {
    MemorySegment buffer = scratch.bounce();
    long[] straight = new long[BOUNCE_PIECES];
    for (int i = 0; i < BOUNCE_PIECES; i++) {
      straight[i] = (long) i * PIECE_BYTES;
    }
    for (int first = 0; first < io.pieces(); first += BOUNCE_PIECES) {
      int n = Math.min(BOUNCE_PIECES, io.pieces() - first);
      long at = io.deviceOffset() + (long) first * PIECE_BYTES;
      if (io.op() == Io.Op.READ) {
        transfer(Io.read(at, buffer, straight, n));
        for (int i = 0; i < n; i++) {
          MemorySegment.copy(
              buffer, straight[i], io.memory(), io.pieceOffset(first + i), PIECE_BYTES);
        }
      } else {
        for (int i = 0; i < n; i++) {
          MemorySegment.copy(
              io.memory(), io.pieceOffset(first + i), buffer, straight[i], PIECE_BYTES);
        }
        transfer(Io.write(at, buffer, straight, n));
      }
    }
  }

  @Override
  public void sync() throws IOException {
    int r;
    do {
      r = calls.fdatasync(fd);
    } while (r == -Syscalls.EINTR);
    if (r < 0) {
      throw new IOException("flush of " + path + " failed: " + Syscalls.name(-r));
    }
  }

  @Override
  public void discard(long offset, long lengthBytes) throws IOException {
    if (!discards || lengthBytes == 0) {
      return;
    }
    int r;
    do {
      r = calls.punch(fd, offset, lengthBytes);
    } while (r == -Syscalls.EINTR);
    if (r == -Syscalls.EOPNOTSUPP || r == -Syscalls.ENOSYS || r == -Syscalls.EPERM) {
      discards = false; // advice the host cannot take
    } else if (r < 0) {
      throw new IOException(
          "discard of %d bytes at offset %d of %s failed: %s"
              .formatted(lengthBytes, offset, path, Syscalls.name(-r)));
    }
  }

  @Override
  public long length() throws IOException {
    long r = calls.length(fd);
    if (r < 0) {
      throw new IOException("cannot find the length of " + path + ": " + Syscalls.name(-r));
    }
    return r;
  }

  @Override
  public boolean direct() {
    return direct;
  }

  @Override
  public boolean discards() {
    return discards;
  }

  @Override
  public boolean anyThread() {
    return true;
  }

  @Override
  public String access() {
    return direct ? "O_DIRECT" : "buffered";
  }

  @Override
  public void close() throws IOException {
    // Not repeated on EINTR: Linux has released the number by then and it may be another file's.
    int r = calls.close(fd);
    if (r < 0 && r != -Syscalls.EINTR) {
      throw new IOException("closing " + path + " failed: " + Syscalls.name(-r));
    }
  }
}
