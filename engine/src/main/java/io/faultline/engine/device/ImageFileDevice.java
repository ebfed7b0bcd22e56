package io.faultline.engine.device;

import static io.faultline.engine.device.Io.PIECE_BYTES;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * A device in one sparse file of the host.
 *
 * <p>Transfers are system calls on platform threads only, since a native call pins a virtual
 * thread's carrier: {@link #run} works in the caller's own thread if that is a platform thread,
 * everything else on a fixed pool of daemon threads. Interrupting a caller never closes the file
 * and never shortens a transfer.
 *
 * <p>A failed flush is final: the kernel may have dropped the very pages it could not write and
 * report success next time, so every later flush fails with the first one's reason.
 *
 * <p>Not for simulation: its threads are not the scheduler's. {@link MemoryDevice} is.
 */
public final class ImageFileDevice implements BlockDevice {
  /** I/O threads when nothing else is said. */
  public static final int DEFAULT_THREADS = 8;

  /** Set to {@code off} to use FileChannel even where system calls are possible. */
  public static final String NATIVE_PROPERTY = "faultline.native";

  private final Path path;
  private final ImageFile file;
  private final long sizeBytes;
  private final boolean readOnly;
  private final ExecutorService pool;
  private final ZerosAhead zeros;
  // Shared by transfers in callers' threads, exclusive for closing: a descriptor closed under a
  // transfer could by then
  // be the number of another file.
  private final ReentrantReadWriteLock open = new ReentrantReadWriteLock();
  private boolean closed; // guarded by open
  private volatile @Nullable IOException flushFailure;

  private ImageFileDevice(
      Path path, ImageFile file, long sizeBytes, boolean readOnly, int threads) {
    this.path = path;
    this.file = file;
    this.sizeBytes = sizeBytes;
    this.readOnly = readOnly;
    this.pool = Executors.newFixedThreadPool(threads, threadFactory());
    this.zeros = new ZerosAhead(file, sizeBytes, pool);
    if (!file.direct()) {
      zeros.stop(); // zeros in the host's cache would only make each flush longer
    }
  }

  /**
   * Opens or creates an image with {@value #DEFAULT_THREADS} I/O threads.
   *
   * @param create make a new sparse file of {@code sizeBytes}; its directory entry is durable on
   *     return
   * @param sizeBytes size of the device, a multiple of 4096; a longer file is allowed, its rest is
   *     not reachable
   * @throws java.nio.file.FileAlreadyExistsException if it is to be created and is there; nothing
   *     is changed
   * @throws java.nio.file.NoSuchFileException if it is to be opened and is not there
   * @throws IOException also if the file is shorter than {@code sizeBytes}
   */
  public static ImageFileDevice open(Path file, boolean create, long sizeBytes, boolean readOnly)
      throws IOException {
    return open(file, create, sizeBytes, readOnly, DEFAULT_THREADS);
  }

  /**
   * As above with a number of I/O threads: the most transfers the host sees at once from {@link
   * #submit}.
   */
  public static ImageFileDevice open(
      Path file, boolean create, long sizeBytes, boolean readOnly, int threads) throws IOException {
    return open(file, create, sizeBytes, readOnly, threads, syscalls());
  }

  /** Test seam: with the given system calls, or with FileChannel when there are none. */
  static ImageFileDevice open(
      Path path,
      boolean create,
      long sizeBytes,
      boolean readOnly,
      int threads,
      Optional<Syscalls> calls)
      throws IOException {
    BlockDevice.checkSize(sizeBytes);
    if (create && readOnly) {
      throw new IllegalArgumentException("a read-only image cannot be created: " + path);
    }
    long createBytes = create ? sizeBytes : -1;
    ImageFile file =
        calls.isPresent()
            ? NativeImageFile.open(calls.get(), path, createBytes, readOnly)
            : new ChannelImageFile(path, createBytes, readOnly);
    try {
      long length = file.length();
      if (length < sizeBytes) {
        throw new IOException(
            "image %s has %d bytes, its volume needs %d".formatted(path, length, sizeBytes));
      }
      if (create) {
        syncDirectoryOf(path);
      }
      return new ImageFileDevice(path, file, sizeBytes, readOnly, threads);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /** The native calls, unless switched off, denied, or not Linux. */
  static Optional<Syscalls> syscalls() {
    boolean off = "off".equals(System.getProperty(NATIVE_PROPERTY));
    boolean linux = System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("linux");
    if (off || !linux) {
      return Optional.empty();
    }
    try {
      return Optional.of(new LinuxSyscalls());
    } catch (LinkageError | RuntimeException denied) {
      // IllegalCallerException inside an initialiser error, or a libc without one of the calls.
      return Optional.empty();
    }
  }

  private static void syncDirectoryOf(Path path) throws IOException {
    Path directory = path.toAbsolutePath().getParent();
    if (directory != null && Files.isDirectory(directory)) {
      try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  private static ThreadFactory threadFactory() {
    AtomicInteger number = new AtomicInteger();
    return task ->
        Thread.ofPlatform()
            .daemon()
            .name("faultline-io-" + number.incrementAndGet())
            .unstarted(task);
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public DeviceCapabilities capabilities() {
    return new DeviceCapabilities(
        file.direct(),
        file.discards(),
        PIECE_BYTES,
        "image " + path + " (" + file.access() + (readOnly ? ", read-only)" : ")"));
  }

  @Override
  public void submit(Io io) {
    check(io);
    // The lock also keeps the pool from being shut down between the question and the hand-over.
    open.readLock().lock();
    try {
      if (!closed) {
        pool.execute(() -> io.complete(attempt(io)));
        return;
      }
    } finally {
      open.readLock().unlock();
    }
    io.complete(closedFailure(io));
  }

  @Override
  public void run(Io io) throws IOException {
    if (Thread.currentThread().isVirtual() || !file.anyThread()) {
      submit(io);
    } else {
      check(io);
      io.complete(attemptHere(io));
    }
    io.await();
  }

  private @Nullable IOException attemptHere(Io io) {
    open.readLock().lock();
    try {
      return closed ? closedFailure(io) : attempt(io);
    } finally {
      open.readLock().unlock();
    }
  }

  private @Nullable IOException attempt(Io io) {
    try {
      perform(io);
      return null;
    } catch (IOException e) {
      return e;
    } catch (RuntimeException | LinkageError e) {
      // Never leave a request without an answer: its waiters hold page locks.
      return new IOException(io + " on " + path + " failed: " + e, e);
    }
  }

  private void perform(Io io) throws IOException {
    if (readOnly && (io.op() == Io.Op.WRITE || io.op() == Io.Op.DISCARD)) {
      throw new IOException(io + " on " + path + ", which is open read-only");
    }
    switch (io.op()) {
      case READ -> file.transfer(io);
      case WRITE -> zeros.write(io);
      case FLUSH -> flush();
      case DISCARD -> file.discard(io.deviceOffset(), io.lengthBytes());
    }
  }

  private void flush() throws IOException {
    IOException earlier = flushFailure;
    if (earlier != null) {
      throw new IOException("an earlier flush failed: " + earlier.getMessage(), earlier);
    }
    try {
      file.sync();
    } catch (IOException e) {
      flushFailure = e;
      throw e;
    }
  }

  private IOException closedFailure(Io io) {
    return new IOException(io + " on " + path + ", which is closed");
  }

  @Override
  public void close() throws IOException {
    open.writeLock().lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
    } finally {
      open.writeLock().unlock();
    }
    zeros.stop();
    pool.shutdown();
    boolean interrupted = false;
    for (boolean over = false; !over; ) {
      try {
        over = pool.awaitTermination(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    try {
      file.close();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
