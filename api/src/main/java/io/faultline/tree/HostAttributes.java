package io.faultline.tree;

import io.faultline.FileKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What the host tells of one file, symbolic links not followed.
 *
 * @param kind empty for what a volume cannot hold: devices, pipes, sockets
 * @param identity equal for two names of one file
 * @param uid -1 where the host has no such number
 * @param gid -1 where the host has no such number
 */
record HostAttributes(
    Optional<FileKind> kind,
    Object identity,
    int mode,
    int uid,
    int gid,
    int nlink,
    long sizeBytes,
    long atimeNanos,
    long mtimeNanos) {

  private static final int PERMISSIONS = 07777;

  static HostAttributes of(Path path) throws IOException {
    if (path.getFileSystem().supportedFileAttributeViews().contains("unix")) {
      return ofUnix(Files.readAttributes(path, "unix:*", LinkOption.NOFOLLOW_LINKS));
    }
    BasicFileAttributes basic =
        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    Optional<FileKind> kind =
        kind(basic.isRegularFile(), basic.isDirectory(), basic.isSymbolicLink());
    Object key = basic.fileKey();
    return new HostAttributes(
        kind,
        key == null ? path : key,
        basic.isDirectory() ? 0755 : 0644,
        -1,
        -1,
        1,
        basic.size(),
        nanos(basic.lastAccessTime()),
        nanos(basic.lastModifiedTime()));
  }

  private static HostAttributes ofUnix(Map<String, Object> unix) {
    return new HostAttributes(
        kind(flag(unix, "isRegularFile"), flag(unix, "isDirectory"), flag(unix, "isSymbolicLink")),
        value(unix, "fileKey"),
        (int) value(unix, "mode") & PERMISSIONS,
        (int) value(unix, "uid"),
        (int) value(unix, "gid"),
        (int) value(unix, "nlink"),
        (long) value(unix, "size"),
        nanos((FileTime) value(unix, "lastAccessTime")),
        nanos((FileTime) value(unix, "lastModifiedTime")));
  }

  private static Optional<FileKind> kind(boolean regular, boolean directory, boolean symlink) {
    if (regular) {
      return Optional.of(FileKind.REGULAR);
    }
    if (directory) {
      return Optional.of(FileKind.DIRECTORY);
    }
    return symlink ? Optional.of(FileKind.SYMLINK) : Optional.empty();
  }

  private static boolean flag(Map<String, Object> unix, String name) {
    return (boolean) value(unix, name);
  }

  private static Object value(Map<String, Object> unix, String name) {
    return Objects.requireNonNull(unix.get(name), name);
  }

  private static long nanos(FileTime time) {
    return time.to(TimeUnit.NANOSECONDS);
  }
}
