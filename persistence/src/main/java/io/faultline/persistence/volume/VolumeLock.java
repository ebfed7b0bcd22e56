package io.faultline.persistence.volume;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The lock of the host's operating system on a volume's file {@code lock}, whose content names the
 * process that holds it. It ends with the process, however that ends.
 *
 * <p>A POSIX lock belongs to the process, and closing <em>any</em> descriptor of the file drops it.
 * A second attempt inside this JVM must therefore be turned away before it opens the file: hence
 * the set of what this process holds, which is as process-wide as the locks are.
 */
final class VolumeLock implements AutoCloseable {
  private static final int PID_BYTES_MAX = 20;

  /** Linux: every lock of the host, with the holder's pid and the file's inode. */
  private static final Path HOST_LOCKS = Path.of("/proc/locks");

  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path key;
  private final FileChannel channel;
  private final FileLock lock;

  private VolumeLock(Path key, FileChannel channel, FileLock lock) {
    this.key = key;
    this.channel = channel;
    this.lock = lock;
  }

  /**
   * Takes the lock or refuses at once.
   *
   * @param shared for readers, which share it with each other across processes and write nothing
   * @throws FsException EBUSY with the holder's pid
   */
  static VolumeLock take(Path directory, String name, boolean shared) throws IOException {
    Path key = directory.toRealPath().resolve(name);
    if (!HELD.add(key)) {
      throw busy(directory, String.valueOf(ProcessHandle.current().pid()));
    }
    boolean taken = false;
    try {
      VolumeLock lock = take(key, directory, shared);
      taken = true;
      return lock;
    } finally {
      if (!taken) {
        HELD.remove(key);
      }
    }
  }

  /**
   * The process that has the lock for writing, found out without touching the lock. Where the host
   * does not tell its locks, a process of that number that lives is taken for the holder.
   */
  static Optional<Long> holder(Path directory, String name) throws IOException {
    Path file = directory.toRealPath().resolve(name);
    if (HELD.contains(file)) {
      // Opening and closing the file here would drop the lock.
      return Optional.of(ProcessHandle.current().pid());
    }
    long pid;
    try {
      pid = Long.parseLong(Files.readString(file).strip());
    } catch (NoSuchFileException | NumberFormatException | CharacterCodingException e) {
      return Optional.empty();
    }
    if (ProcessHandle.of(pid).isEmpty()) {
      return Optional.empty();
    }
    String lock = " WRITE " + pid + " ";
    String inode = ":" + Files.getAttribute(file, "unix:ino") + " ";
    try (Stream<String> locks = Files.lines(HOST_LOCKS)) {
      return locks.anyMatch(line -> line.contains(lock) && line.contains(inode))
          ? Optional.of(pid)
          : Optional.empty();
    } catch (IOException | UncheckedIOException e) {
      return Optional.of(pid);
    }
  }

  private static FsException busy(Path directory, String pid) {
    return new FsException(Errno.EBUSY, "open", directory + " is open in process " + pid);
  }

  private static VolumeLock take(Path file, Path directory, boolean shared) throws IOException {
    Set<StandardOpenOption> options =
        shared
            ? Set.of(StandardOpenOption.READ)
            : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
    FileChannel channel = FileChannel.open(file, options);
    boolean taken = false;
    try {
      FileLock lock = tryLock(channel, shared);
      if (lock == null) {
        throw busy(directory, pid(channel));
      }
      if (!shared) {
        byte[] pid = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
        channel.truncate(0);
        channel.write(ByteBuffer.wrap(pid), 0);
      }
      taken = true;
      return new VolumeLock(file, channel, lock);
    } finally {
      if (!taken) {
        channel.close();
      }
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel, boolean shared)
      throws IOException {
    try {
      return channel.tryLock(0, Long.MAX_VALUE, shared);
    } catch (OverlappingFileLockException e) {
      // Somebody in this JVM has it by another name of the file.
      return null;
    }
  }

  private static String pid(FileChannel channel) throws IOException {
    ByteBuffer content = ByteBuffer.allocate(PID_BYTES_MAX);
    int read = channel.read(content, 0);
    String pid =
        new String(content.array(), 0, Math.max(0, read), StandardCharsets.US_ASCII).strip();
    return pid.isEmpty() ? "(unknown)" : pid;
  }

  @Override
  public void close() throws IOException {
    // Once only: a later holder of the same volume must not lose its place by a second close.
    if (channel.isOpen()) {
      try (channel) {
        lock.release();
      } finally {
        HELD.remove(key);
      }
    }
  }
}
