package io.faultline;

import java.time.Instant;

/**
 * What stat(2) tells of an inode at one moment. Times are nanoseconds since 1970-01-01T00:00:00Z.
 *
 * @param ino inode number, never reused while the inode lives
 * @param mode permission bits, {@code 07777}; without the type, see {@link #typedMode()}
 * @param nlink names that lead here; a directory counts its own {@code .} and its children's {@code
 *     ..}
 * @param sizeBytes end of file; of a symbolic link the length of its target in UTF-8
 * @param blocks blocks of 4096 bytes that are allocated or reserved for it (not the 512-byte units
 *     of {@code st_blocks})
 * @param atimeNanos last read, with relatime's precision
 * @param mtimeNanos last change of the content
 * @param ctimeNanos last change of the inode
 * @param btimeNanos creation
 */
public record FileStatus(
    long ino,
    FileKind kind,
    int mode,
    int uid,
    int gid,
    int nlink,
    long sizeBytes,
    long blocks,
    long atimeNanos,
    long mtimeNanos,
    long ctimeNanos,
    long btimeNanos) {

  /** {@code st_mode}: type and permissions, {@code 0100644} for an ordinary file. */
  public int typedMode() {
    return kind.typeBits() | mode;
  }

  public boolean isDirectory() {
    return kind == FileKind.DIRECTORY;
  }

  public boolean isRegularFile() {
    return kind == FileKind.REGULAR;
  }

  public boolean isSymlink() {
    return kind == FileKind.SYMLINK;
  }

  public Instant atime() {
    return instant(atimeNanos);
  }

  public Instant mtime() {
    return instant(mtimeNanos);
  }

  public Instant ctime() {
    return instant(ctimeNanos);
  }

  public Instant btime() {
    return instant(btimeNanos);
  }

  private static Instant instant(long nanos) {
    return Instant.ofEpochSecond(
        Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L));
  }
}
