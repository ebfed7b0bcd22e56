package io.faultline;

import java.io.IOException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * An open filesystem. On the host it is one directory, which one process at a time may have open;
 * in here it is a tree of directories, regular files and symbolic links.
 *
 * <pre>{@code
 * VolumeOptions options = VolumeOptions.defaults().size("4g");
 * try (Volume volume = Volume.create(Path.of("/var/lib/store"), options);
 *     OpenFile file = volume.open("/a", StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
 *   file.write(bytes, 0);
 *   file.sync();
 * }
 * }</pre>
 *
 * <p><b>Paths</b> are absolute, slash-separated strings; a name is 1 to 255 bytes of UTF-8, a path
 * at most 4095. Symbolic links inside a path are followed, one at its end too unless a method says
 * otherwise. <b>Times</b> are nanoseconds since 1970-01-01T00:00:00Z. <b>Modes</b> are permission
 * bits, {@code 07777}, and other bits are ignored, as in the kernel; they are kept, not enforced.
 *
 * <p><b>Durability.</b> A change is visible to everybody when its method returns and durable after
 * a sync that began later; a power cut costs at most the {@linkplain VolumeOptions#commitInterval
 * commit interval} of what was not synced. Each operation is atomic across a crash, rename
 * included.
 *
 * <p><b>Threads.</b> Safe for use by any number of threads, virtual ones included; interrupting one
 * closes nothing. Everything runs on daemon threads: leaving {@code main} with an open volume ends
 * the JVM, and the next open recovers.
 *
 * <p><b>Errors.</b> {@link ErrnoException} everywhere: ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG from
 * following a path, EINVAL for a path that is not absolute, EROFS for a change of a read-only
 * volume, EIO when device or journal failed, EBADF after {@link #close}. Only a failed flush of the
 * device or a failed write of the journal makes the volume read-only from then on. After a failed
 * write of data it goes on: what could not be written is lost, and the next sync of that file tells
 * it, once.
 */
public interface Volume extends AutoCloseable {

  /** For {@link #setTimes(String, long, long)}: leave this time as it is, {@code UTIME_OMIT}. */
  long TIME_OMIT = Long.MIN_VALUE;

  /** For {@link #setTimes(String, long, long)}: the time of the call, {@code UTIME_NOW}. */
  long TIME_NOW = Long.MAX_VALUE;

  /**
   * Makes a volume in {@code directory}, which must be empty or absent, and opens it.
   *
   * @throws ErrnoException EEXIST there is a volume already; ENOTEMPTY there is something else;
   *     ENOSPC the host has no room
   */
  static Volume create(Path directory, VolumeOptions options) throws IOException {
    return VolumeOpener.create(directory, options);
  }

  /** {@link #open(Path, VolumeOptions)} with {@link VolumeOptions#defaults()}. */
  static Volume open(Path directory) throws IOException {
    return open(directory, VolumeOptions.defaults());
  }

  /**
   * Opens a volume and recovers what its journal holds. The layout and the size are the volume's
   * own; those of the options are not looked at.
   *
   * @throws ErrnoException ENOENT there is no volume; EBUSY it is open, the message names the
   *     process; EUCLEAN it is damaged or of a newer format, nothing was changed
   */
  static Volume open(Path directory, VolumeOptions options) throws IOException {
    return VolumeOpener.open(directory, options);
  }

  /**
   * Checks a volume that is not open: everything {@link #fsck} checks, and the journal besides,
   * also of a volume so damaged that it does not open. Each finding names the last transaction that
   * touched what it is about. Changes nothing in the directory.
   *
   * @throws ErrnoException ENOENT there is no volume; EBUSY it is open, the message names the
   *     process; EUCLEAN its superblock, image or journal is missing, too short or of a newer
   *     format
   */
  static FsckReport check(Path directory) throws IOException {
    return VolumeCheck.check(directory);
  }

  /**
   * As {@link #check}, and if there are orphans and nothing else, frees them, by transactions as
   * any other change. Whatever else was found is left as it is, and then the orphans too: where
   * blocks have two owners, freeing one takes them from the other. Blocks cannot leak on disk,
   * since free space is derived from the mappings. Does nothing where nothing is found, so a second
   * repair changes nothing.
   *
   * @return what was found before
   * @throws ErrnoException as {@link #check}; ENOSPC or EIO the transactions could not be written
   */
  static FsckReport repair(Path directory) throws IOException {
    return VolumeCheck.repair(directory);
  }

  /**
   * Opens a file, open(2). Without options it is opened for reading.
   *
   * <p>{@code READ WRITE APPEND CREATE CREATE_NEW TRUNCATE_EXISTING SYNC DSYNC} of {@link
   * java.nio.file.StandardOpenOption} and {@code NOFOLLOW_LINKS} of {@link
   * java.nio.file.LinkOption} mean what they mean there: {@code APPEND} opens for writing, {@code
   * CREATE}, {@code CREATE_NEW} and {@code TRUNCATE_EXISTING} do nothing unless the file is opened
   * for writing. Unlike there, {@code APPEND} goes with {@code READ} and with {@code
   * TRUNCATE_EXISTING}, as in open(2). {@code SPARSE} is always so. A file made here has mode 0644.
   *
   * @throws ErrnoException EINVAL {@code DELETE_ON_CLOSE} or an option not named here; EEXIST
   *     {@code CREATE_NEW} and the name is taken; EISDIR a directory, for writing; ELOOP a symbolic
   *     link and {@code NOFOLLOW_LINKS}
   */
  OpenFile open(String path, OpenOption... options) throws IOException;

  /**
   * Makes an empty regular file, mknod(2).
   *
   * @throws ErrnoException EEXIST the name is taken
   */
  void create(String path, int mode) throws IOException;

  /** {@link #mkdir(String, int)} with mode 0755. */
  default void mkdir(String path) throws IOException {
    mkdir(path, 0755);
  }

  /**
   * Makes a directory, mkdir(2).
   *
   * @throws ErrnoException EEXIST the name is taken; EMLINK the parent has too many
   */
  void mkdir(String path, int mode) throws IOException;

  /**
   * Removes a name, unlink(2); the last one removes the file once nobody has it open. Does not
   * follow a symbolic link.
   *
   * @throws ErrnoException EISDIR a directory
   */
  void unlink(String path) throws IOException;

  /**
   * Removes an empty directory, rmdir(2).
   *
   * @throws ErrnoException ENOTDIR not a directory; ENOTEMPTY it has entries; EBUSY the root
   */
  void rmdir(String path) throws IOException;

  /**
   * Gives a file another name, rename(2), and replaces what had it, atomically. Follows no symbolic
   * link at either end. Two names of one file: does nothing.
   *
   * @throws ErrnoException EISDIR or ENOTDIR one is a directory and the other is not; ENOTEMPTY the
   *     target is a directory with entries; EINVAL a directory into itself; EBUSY the root
   */
  void rename(String from, String to) throws IOException;

  /**
   * Gives a file a second name, link(2). Does not follow a symbolic link.
   *
   * @throws ErrnoException EEXIST the name is taken; EPERM a directory; EMLINK too many names
   */
  void link(String existing, String newPath) throws IOException;

  /**
   * Makes a symbolic link at {@code path} that says {@code target}, symlink(2). The target need not
   * exist and is not interpreted now.
   *
   * @throws ErrnoException EEXIST the name is taken; ENOENT an empty target; ENAMETOOLONG a target
   *     over 4095 bytes
   */
  void symlink(String target, String path) throws IOException;

  /**
   * What a symbolic link says, readlink(2).
   *
   * @throws ErrnoException EINVAL not a symbolic link
   */
  String readlink(String path) throws IOException;

  /** What stat(2) tells. */
  FileStatus stat(String path) throws IOException;

  /** What lstat(2) tells: of a symbolic link itself. */
  FileStatus lstat(String path) throws IOException;

  /**
   * The entries of a directory as they were at one moment, sorted by name.
   *
   * @throws ErrnoException ENOTDIR not a directory
   */
  List<DirectoryEntry> list(String path) throws IOException;

  /** Sets permission bits, chmod(2). */
  void setMode(String path, int mode) throws IOException;

  /** Sets owner and group, chown(2); -1 leaves one as it is. */
  void setOwner(String path, int uid, int gid) throws IOException;

  /** {@link #setOwner} of a symbolic link itself, lchown(2). */
  void setLinkOwner(String path, int uid, int gid) throws IOException;

  /**
   * Sets access and modification time, utimensat(2).
   *
   * @param atimeNanos nanoseconds since the epoch, {@link #TIME_OMIT} or {@link #TIME_NOW}
   * @param mtimeNanos likewise
   */
  void setTimes(String path, long atimeNanos, long mtimeNanos) throws IOException;

  /** {@link #setTimes(String, long, long)} with the precision of the instants. */
  default void setTimes(String path, Instant atime, Instant mtime) throws IOException {
    setTimes(path, Times.nanos(atime), Times.nanos(mtime));
  }

  /**
   * {@link #setTimes(String, long, long)} of a symbolic link itself, utimensat(2) with {@code
   * AT_SYMLINK_NOFOLLOW}.
   */
  void setLinkTimes(String path, long atimeNanos, long mtimeNanos) throws IOException;

  /** Makes everything that was done before durable, syncfs(2). */
  void sync() throws IOException;

  /** The volume's figures now. */
  VolumeStatus status() throws IOException;

  /**
   * Checks all inodes, extents, directories and the free space against each other. Changes nothing;
   * others may go on meanwhile. A damaged volume is a report with findings, not an exception.
   */
  FsckReport fsck() throws IOException;

  /** Writes dirty pages back and lets all clean pages go; for measuring and testing. */
  void dropCaches() throws IOException;

  /** Counters since open, by name; names may be added from version to version. */
  Map<String, Long> metrics();

  /** The same operations as stages. */
  AsyncVolume async();

  /** Whether it was not closed. */
  boolean isOpen();

  /**
   * Syncs, then closes the volume and every file of it that is open. Closing twice does nothing.
   *
   * @throws ErrnoException EIO not everything could be made durable; the volume is closed all the
   *     same
   */
  @Override
  void close() throws IOException;
}
