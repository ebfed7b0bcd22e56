package io.faultline;

/**
 * Why an operation failed, by its name in errno(3). {@link #name()} is the name every manual page
 * uses, so {@code failure.errno().name()} is {@code "ENOSPC"}.
 */
public enum Errno {
  /** Would have had to wait, and was told not to. */
  EAGAIN("resource temporarily unavailable"),
  /** The file or volume is closed, or was not opened for this. */
  EBADF("not open for this"),
  /** In use by somebody who does not share it. */
  EBUSY("device or resource busy"),
  /** The name is taken. */
  EEXIST("file exists"),
  /** The offset or size lies beyond what the layout can address. */
  EFBIG("file too large"),
  /** An argument makes no sense, or is not aligned as the operation asks. */
  EINVAL("invalid argument"),
  /** The device or the journal failed. */
  EIO("input/output error"),
  /** A directory where a file was expected. */
  EISDIR("is a directory"),
  /** More symbolic links than a lookup follows (40). */
  ELOOP("too many levels of symbolic links"),
  /** The inode cannot have another name. */
  EMLINK("too many links"),
  /** A name longer than 255 bytes or a path longer than 4095. */
  ENAMETOOLONG("file name too long"),
  /** No such name. */
  ENOENT("no such file or directory"),
  /** Not enough memory. */
  ENOMEM("not enough memory"),
  /** No free block or inode is left. */
  ENOSPC("no space left on volume"),
  /** A file where a directory was expected. */
  ENOTDIR("not a directory"),
  /** The directory still has entries. */
  ENOTEMPTY("directory not empty"),
  /** There is no data, or no hole, at or behind the offset. */
  ENXIO("no such data"),
  /** The layout has no such operation. */
  EOPNOTSUPP("operation not supported"),
  /** The operation is never allowed on this object. */
  EPERM("operation not permitted"),
  /** The volume is open for reading only, or became so after an error. */
  EROFS("read-only volume"),
  /** What is on disk contradicts itself; nothing was changed. */
  EUCLEAN("volume is damaged"),
  /** The two files are not on one volume. */
  EXDEV("cross-volume link");

  private final String text;

  Errno(String text) {
    this.text = text;
  }

  /** What strerror(3) would say, in lower case. */
  public String text() {
    return text;
  }
}
