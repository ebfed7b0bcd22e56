package io.faultline.tree;

import io.faultline.Errno;
import io.faultline.ErrnoException;
import io.faultline.FileKind;
import io.faultline.OpenFile;
import io.faultline.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Copies a directory tree of the host into a volume: contents, sizes, modes, owners, access and
 * modification times to the nanosecond, hard links, symbolic links as such.
 *
 * <p><b>Holes.</b> Java cannot ask the host for SEEK_HOLE. Every aligned block of 4096 zero bytes
 * becomes a hole instead, which reads the same and stores no more than the host's own holes did; a
 * file whose zeros were allocated on the host is sparser afterwards.
 *
 * <p><b>What is left out</b>, told to the {@link TreeObserver} while the rest goes on: devices,
 * pipes and sockets; names and link targets that are not valid in the host's character set; what
 * cannot be read; names the volume already has (directories are merged). Everything else ends the
 * import.
 *
 * <p>Memory: one buffer of 1 MiB and one map entry for each file with more than one name. Use one
 * instance once, from one thread; nothing is synced.
 */
public final class TreeImport {
  private static final int BLOCK = 4096;
  private static final int BUFFER_BYTES = 1 << 20;
  private static final Set<Errno> OF_ONE_ENTRY =
      Set.of(Errno.EEXIST, Errno.ENAMETOOLONG, Errno.EISDIR, Errno.ENOTDIR, Errno.EMLINK);

  private final Volume volume;
  private final TreeObserver observer;
  private final Tally tally = new Tally();
  private final Map<Object, String> firstNames = new HashMap<>();
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
  private final ByteBuffer zeros = ByteBuffer.allocateDirect(BLOCK);

  /** An import into {@code volume}. */
  public TreeImport(Volume volume, TreeObserver observer) {
    this.volume = volume;
    this.observer = observer;
  }

  /**
   * Copies what is inside {@code hostDirectory} into the directory {@code target}, which is made,
   * with its parents, if it is missing, and gets the mode, owner and times of {@code
   * hostDirectory}.
   *
   * @throws NotDirectoryException {@code hostDirectory} is none
   */
  public TreeSummary run(Path hostDirectory, String target) throws IOException {
    Path root = hostDirectory.toRealPath();
    if (!Files.isDirectory(root)) {
      throw new NotDirectoryException(hostDirectory + " is not a directory");
    }
    VolumePaths.makeDirectories(volume, target);
    Files.walkFileTree(root, new Visitor(root, target));
    return tally.summary();
  }

  private final class Visitor extends SimpleFileVisitor<Path> {
    private final Path root;
    private final Deque<String> targets = new ArrayDeque<>();
    private final Deque<HostAttributes> attributes = new ArrayDeque<>();
    private final String target;

    Visitor(Path root, String target) {
      this.root = root;
      this.target = target;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path host, BasicFileAttributes basic)
        throws IOException {
      try {
        String path = host.equals(root) ? target : child(host);
        // Read now: what follows changes the access time on the host.
        HostAttributes found = HostAttributes.of(host);
        if (!host.equals(root)) {
          makeDirectory(path);
          tally.directories++;
        }
        targets.push(path);
        attributes.push(found);
        return FileVisitResult.CONTINUE;
      } catch (IOException | InvalidPathException failure) {
        skipOrThrow(host, failure);
        return FileVisitResult.SKIP_SUBTREE;
      }
    }

    @Override
    public FileVisitResult visitFile(Path host, BasicFileAttributes basic) throws IOException {
      try {
        carry(host, child(host));
      } catch (IOException | InvalidPathException failure) {
        skipOrThrow(host, failure);
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path host, IOException failure) {
      skip(host, reason(failure));
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path host, @Nullable IOException failure)
        throws IOException {
      if (failure != null) {
        skip(host, reason(failure));
      }
      // Only now: each child moved the directory's times.
      settle(targets.pop(), attributes.pop());
      return FileVisitResult.CONTINUE;
    }

    private String child(Path host) throws Unrepresentable {
      return VolumePaths.child(targets.element(), representable(host.getFileName()));
    }
  }

  private void makeDirectory(String path) throws IOException {
    try {
      volume.mkdir(path);
    } catch (ErrnoException failure) {
      if (failure.errno() != Errno.EEXIST || !volume.lstat(path).isDirectory()) {
        throw failure;
      }
    }
  }

  private void carry(Path host, String path) throws IOException {
    HostAttributes found = HostAttributes.of(host);
    Optional<FileKind> kind = found.kind();
    if (kind.isEmpty()) {
      throw new Unrepresentable("a device, pipe or socket");
    }
    String first = found.nlink() > 1 ? firstNames.get(found.identity()) : null;
    if (first != null) {
      volume.link(first, path);
      tally.hardLinks++;
      return;
    }
    if (kind.get() == FileKind.SYMLINK) {
      volume.symlink(representable(Files.readSymbolicLink(host)), path);
      tally.symlinks++;
    } else {
      try {
        copy(host, path);
      } catch (ErrnoException failure) {
        throw failure;
      } catch (IOException unreadable) {
        // Half a file under its full name would pass for the whole one.
        volume.unlink(path);
        throw unreadable;
      }
      tally.files++;
    }
    if (found.nlink() > 1) {
      firstNames.put(found.identity(), path);
    }
    settle(path, found);
  }

  private void settle(String path, HostAttributes found) throws IOException {
    boolean symlink = found.kind().equals(Optional.of(FileKind.SYMLINK));
    if (symlink) {
      volume.setLinkOwner(path, found.uid(), found.gid());
      volume.setLinkTimes(path, found.atimeNanos(), found.mtimeNanos());
      return;
    }
    volume.setOwner(path, found.uid(), found.gid());
    volume.setMode(path, found.mode());
    volume.setTimes(path, found.atimeNanos(), found.mtimeNanos());
  }

  private void copy(Path host, String path) throws IOException {
    try (FileChannel from = FileChannel.open(host, StandardOpenOption.READ);
        OpenFile to = volume.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      long size = 0;
      long stored = 0;
      while (fill(from, size)) {
        stored += storeBlocks(to, size);
        size += buffer.limit();
        observer.advanced(buffer.limit());
      }
      // A hole at the end has no write that would move the size.
      if (to.size() != size) {
        to.truncate(size);
      }
      tally.bytes += size;
      tally.holeBytes += size - stored;
    }
  }

  /**
   * Fills the buffer as far as the file goes; whole buffers keep its blocks aligned to the file's.
   */
  private boolean fill(FileChannel from, long position) throws IOException {
    buffer.clear();
    while (buffer.hasRemaining() && from.read(buffer, position + buffer.position()) >= 0) {
      // Until the buffer is full or the file ends.
    }
    buffer.flip();
    return buffer.hasRemaining();
  }

  /** Writes each run of blocks that are not all zeros; returns how many bytes that were. */
  private long storeBlocks(OpenFile to, long position) throws IOException {
    int end = buffer.limit();
    long stored = 0;
    int at = 0;
    while (at < end) {
      int from = at;
      boolean hole = isZero(at);
      do {
        at = Math.min(at + BLOCK, end);
      } while (at < end && isZero(at) == hole);
      if (!hole) {
        writeFully(to, buffer.slice(from, at - from), position + from);
        stored += at - from;
      }
    }
    return stored;
  }

  private boolean isZero(int at) {
    int length = Math.min(BLOCK, buffer.limit() - at);
    return buffer.slice(at, length).mismatch(zeros.slice(0, length)) < 0;
  }

  private static void writeFully(OpenFile to, ByteBuffer bytes, long position) throws IOException {
    long at = position;
    while (bytes.hasRemaining()) {
      at += to.write(bytes, at);
    }
  }

  /**
   * A name or link target as text. What is not valid in the host's character set reads as a
   * replacement character, so that making a path of the text again gives another path.
   */
  private static String representable(@Nullable Path part) throws Unrepresentable {
    String text = String.valueOf(part);
    try {
      if (part != null && part.getFileSystem().getPath(text).equals(part)) {
        return text;
      }
    } catch (InvalidPathException notEncodable) {
      throw new Unrepresentable("not valid in the host's character set", notEncodable);
    }
    throw new Unrepresentable("not valid in the host's character set");
  }

  private void skipOrThrow(Path host, Exception failure) throws IOException {
    if (failure instanceof ErrnoException errno && !OF_ONE_ENTRY.contains(errno.errno())) {
      throw errno;
    }
    skip(host, reason(failure));
  }

  private void skip(Path host, String reason) {
    tally.skipped++;
    observer.skipped(host.toString(), reason);
  }

  private static String reason(Exception failure) {
    return failure instanceof ErrnoException || failure instanceof Unrepresentable
        ? String.valueOf(failure.getMessage())
        : failure.getClass().getSimpleName() + ": " + failure.getMessage();
  }
}
