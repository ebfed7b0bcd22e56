package io.faultline.engine.errno;

/** The error numbers the engine answers with, by their names in errno(3). */
public enum Errno {
  EAGAIN("resource temporarily unavailable"),
  EBADF("not open for this"),
  EBUSY("device or resource busy"),
  EEXIST("file exists"),
  EFBIG("file too large"),
  EINVAL("invalid argument"),
  EIO("input/output error"),
  EISDIR("is a directory"),
  ELOOP("too many levels of symbolic links"),
  EMLINK("too many links"),
  ENAMETOOLONG("file name too long"),
  ENOENT("no such file or directory"),
  ENOMEM("not enough memory"),
  ENOSPC("no space left on volume"),
  ENOTDIR("not a directory"),
  ENOTEMPTY("directory not empty"),
  ENXIO("no such data"),
  EOPNOTSUPP("operation not supported"),
  EPERM("operation not permitted"),
  EROFS("read-only volume"),
  EUCLEAN("volume is damaged"),
  EXDEV("cross-volume link");

  private final String text;

  Errno(String text) {
    this.text = text;
  }

  /** What strerror(3) would say. */
  public String text() {
    return text;
  }
}
