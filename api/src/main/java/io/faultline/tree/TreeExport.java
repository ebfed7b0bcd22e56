package io.faultline.tree;

import io.faultline.DirectoryEntry;
import io.faultline.Errno;
import io.faultline.ErrnoException;
import io.faultline.FileKind;
import io.faultline.FileStatus;
import io.faultline.OpenFile;
import io.faultline.Volume;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Copies a tree of a volume into a directory of the host: the inverse of {@link TreeImport}. Holes
 * stay holes, found with seekData and seekHole. Owners are set where the host allows it and counted
 * where it does not.
 *
 * <p>Directories that exist are merged into. A file that exists ends the export, unless it was told
 * to overwrite: then the file is removed first, never written through, so that a link on the host
 * leads nowhere. Names and times the host cannot hold are left out and told to the {@link
 * TreeObserver}.
 *
 * <p>Use one instance once, from one thread; nothing is synced on the host.
 */
public final class TreeExport {
  private static final int BUFFER_BYTES = 1 << 20;

  private final Volume volume;
  private final TreeObserver observer;
  private final boolean overwrite;
  private final Tally tally = new Tally();
  private final Map<Long, Path> firstNames = new HashMap<>();
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);

  /**
   * An export from {@code volume}.
   *
   * @param overwrite whether files of the host are replaced
   */
  public TreeExport(Volume volume, TreeObserver observer, boolean overwrite) {
    this.volume = volume;
    this.observer = observer;
    this.overwrite = overwrite;
  }

  /**
   * Copies what is inside the directory {@code source}, or the one file {@code source}, into {@code
   * hostDirectory}, which is made if it is missing.
   *
   * @throws FileAlreadyExistsException a file is in the way
   */
  public TreeSummary run(String source, Path hostDirectory) throws IOException {
    FileStatus status = volume.stat(source);
    Files.createDirectories(hostDirectory);
    Path root = hostDirectory.toRealPath();
    if (status.isDirectory()) {
      carryDirectory(source, root, status);
    } else {
      carryEntry(source, VolumePaths.name(source), root);
    }
    return tally.summary();
  }

  private void carryDirectory(String source, Path host, FileStatus status) throws IOException {
    for (DirectoryEntry entry : volume.list(source)) {
      carryEntry(VolumePaths.child(source, entry.name()), entry.name(), host);
    }
    // Last: the children moved the times, and the mode may forbid to make them.
    settle(source, host, status);
  }

  private void carryEntry(String source, String name, Path hostDirectory) throws IOException {
    Path host;
    try {
      host = hostDirectory.resolve(name);
    } catch (InvalidPathException failure) {
      skip(source, "not valid in the host's character set");
      return;
    }
    // A damaged or hostile volume must not write outside the directory it was given.
    if (!hostDirectory.equals(host.getParent()) || name.equals(".") || name.equals("..")) {
      skip(source, "not a name the host can hold");
      return;
    }
    FileStatus status = volume.lstat(source);
    if (status.isDirectory()) {
      if (!Files.isDirectory(host, LinkOption.NOFOLLOW_LINKS)) {
        makeWay(host);
        Files.createDirectory(host);
      }
      tally.directories++;
      carryDirectory(source, host, status);
      return;
    }
    makeWay(host);
    Path first = status.nlink() > 1 ? firstNames.get(status.ino()) : null;
    if (first != null) {
      Files.createLink(host, first);
      tally.hardLinks++;
      return;
    }
    if (status.kind() == FileKind.SYMLINK && !carrySymlink(source, host)) {
      return;
    }
    if (status.kind() == FileKind.REGULAR) {
      copy(source, host);
      tally.files++;
    }
    settle(source, host, status);
    if (status.nlink() > 1) {
      firstNames.put(status.ino(), host);
    }
  }

  private boolean carrySymlink(String source, Path host) throws IOException {
    try {
      Files.createSymbolicLink(host, host.getFileSystem().getPath(volume.readlink(source)));
    } catch (InvalidPathException failure) {
      skip(source, "its target is not valid in the host's character set");
      return false;
    }
    tally.symlinks++;
    return true;
  }

  private void makeWay(Path host) throws IOException {
    if (!Files.exists(host, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!overwrite || Files.isDirectory(host, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(host.toString(), null, "file exists");
    }
    Files.delete(host);
  }

  private void copy(String source, Path host) throws IOException {
    // Made exclusively, so that nothing that appeared in the meantime is written through.
    Files.createFile(host);
    try (OpenFile from = volume.open(source);
        RandomAccessFile target = new RandomAccessFile(host.toFile(), "rw");
        FileChannel to = target.getChannel()) {
      long size = from.size();
      target.setLength(size);
      long at = 0;
      long stored = 0;
      while (at < size) {
        long data = nextData(from, at, size);
        observer.advanced(data - at);
        if (data == size) {
          break;
        }
        at = Math.min(from.seekHole(data), size);
        copyRange(from, to, data, at);
        stored += at - data;
      }
      tally.bytes += size;
      tally.holeBytes += size - stored;
    }
  }

  private static long nextData(OpenFile from, long at, long size) throws IOException {
    try {
      return Math.min(from.seekData(at), size);
    } catch (ErrnoException failure) {
      if (failure.errno() == Errno.ENXIO) {
        return size;
      }
      throw failure;
    }
  }

  private void copyRange(OpenFile from, FileChannel to, long start, long end) throws IOException {
    long at = start;
    while (at < end) {
      buffer.clear().limit((int) Math.min(BUFFER_BYTES, end - at));
      int read = from.read(buffer, at);
      if (read < 0) {
        return;
      }
      buffer.flip();
      long position = at;
      while (buffer.hasRemaining()) {
        position += to.write(buffer, position);
      }
      at += read;
      observer.advanced(read);
    }
  }

  private void settle(String source, Path host, FileStatus status) throws IOException {
    if (host.getFileSystem().supportedFileAttributeViews().contains("unix")) {
      // Owner before mode: a new owner takes the set-user-id bit away.
      setOwner(host, status);
      if (!status.isSymlink()) {
        Files.setAttribute(host, "unix:mode", status.mode());
      }
    }
    Files.getFileAttributeView(host, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
        .setTimes(time(status.mtimeNanos()), time(status.atimeNanos()), null);
    // Java sets a time before 1970 that has a fraction to 1970 and says nothing (so does a host
    // whose times are coarser or end earlier): what arrived is looked at.
    HostAttributes set = HostAttributes.of(host);
    if (set.mtimeNanos() != status.mtimeNanos() || set.atimeNanos() != status.atimeNanos()) {
      skip(
          source,
          "times atime="
              + status.atime()
              + " mtime="
              + status.mtime()
              + ", the host made them atime="
              + time(set.atimeNanos())
              + " mtime="
              + time(set.mtimeNanos()));
    }
  }

  private void setOwner(Path host, FileStatus status) throws IOException {
    HostAttributes now = HostAttributes.of(host);
    try {
      if (now.uid() != status.uid()) {
        Files.setAttribute(host, "unix:uid", status.uid(), LinkOption.NOFOLLOW_LINKS);
      }
      if (now.gid() != status.gid()) {
        Files.setAttribute(host, "unix:gid", status.gid(), LinkOption.NOFOLLOW_LINKS);
      }
    } catch (FileSystemException notAllowed) {
      // Only root may give files away; who is not root keeps them, as with tar.
      tally.ownersKept++;
    }
  }

  private void skip(String source, String reason) {
    tally.skipped++;
    observer.skipped(source, reason);
  }

  private static FileTime time(long nanos) {
    return FileTime.from(nanos, TimeUnit.NANOSECONDS);
  }
}
