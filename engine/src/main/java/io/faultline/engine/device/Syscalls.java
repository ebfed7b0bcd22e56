package io.faultline.engine.device;

import java.lang.foreign.MemorySegment;
import java.util.Map;

/**
 * The calls an image file needs. Results are as the kernel's: not negative on success, {@code
 * -errno} on failure. An interface so that tests can interrupt, shorten and fail every call.
 */
interface Syscalls {
  int EIO = 5;
  int EINTR = 4;
  int EPERM = 1;
  int EINVAL = 22;
  int ENOSYS = 38;
  int EOPNOTSUPP = 95;

  /** The names of errno values worth reading in a message; others are given by number. */
  Map<Integer, String> NAMES =
      Map.ofEntries(
          Map.entry(EPERM, "EPERM"),
          Map.entry(2, "ENOENT"),
          Map.entry(EINTR, "EINTR"),
          Map.entry(EIO, "EIO"),
          Map.entry(6, "ENXIO"),
          Map.entry(9, "EBADF"),
          Map.entry(11, "EAGAIN"),
          Map.entry(12, "ENOMEM"),
          Map.entry(13, "EACCES"),
          Map.entry(14, "EFAULT"),
          Map.entry(16, "EBUSY"),
          Map.entry(17, "EEXIST"),
          Map.entry(20, "ENOTDIR"),
          Map.entry(21, "EISDIR"),
          Map.entry(EINVAL, "EINVAL"),
          Map.entry(23, "ENFILE"),
          Map.entry(24, "EMFILE"),
          Map.entry(26, "ETXTBSY"),
          Map.entry(27, "EFBIG"),
          Map.entry(28, "ENOSPC"),
          Map.entry(30, "EROFS"),
          Map.entry(36, "ENAMETOOLONG"),
          Map.entry(ENOSYS, "ENOSYS"),
          Map.entry(40, "ELOOP"),
          Map.entry(EOPNOTSUPP, "EOPNOTSUPP"),
          Map.entry(116, "ESTALE"),
          Map.entry(122, "EDQUOT"));

  /** Name of an errno value. */
  static String name(long errno) {
    return NAMES.getOrDefault((int) errno, "errno " + errno);
  }

  int open(String path, int flags, int mode);

  long preadv(int fd, MemorySegment vector, int count, long offset);

  long pwritev(int fd, MemorySegment vector, int count, long offset);

  int fdatasync(int fd);

  int ftruncate(int fd, long lengthBytes);

  /** Punches a hole, keeping the size. */
  int punch(int fd, long offset, long lengthBytes);

  /** Length of what is open, found by seeking to its end (right for block special files too). */
  long length(int fd);

  /** Takes O_DIRECT off an open file. */
  int makeBuffered(int fd);

  int close(int fd);
}
