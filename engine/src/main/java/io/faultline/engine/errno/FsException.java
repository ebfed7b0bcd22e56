package io.faultline.engine.errno;

import java.io.IOException;

/**
 * An operation failed for a reason that lies outside the engine's own correctness: its arguments,
 * the tree, a full volume, a device. Carries the errno, the operation and, where one is concerned,
 * the inode and byte range {@code [offset, offset + length)}.
 */
public final class FsException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Stands for "no inode", "no offset", "no length"; no number that a caller may have given. */
  public static final long NONE = Long.MIN_VALUE;

  private final Errno errno;
  private final String operation;
  private final long ino;
  private final long offset;
  private final long length;

  public FsException(
      Errno errno, String operation, long ino, long offset, long length, String detail) {
    super(message(errno, operation, ino, offset, length, detail));
    this.errno = errno;
    this.operation = operation;
    this.ino = ino;
    this.offset = offset;
    this.length = length;
  }

  public FsException(Errno errno, String operation, String detail) {
    this(errno, operation, NONE, NONE, NONE, detail);
  }

  public FsException(Errno errno, String operation, long ino, String detail, Throwable cause) {
    this(errno, operation, ino, NONE, NONE, detail);
    initCause(cause);
  }

  private static String message(
      Errno errno, String operation, long ino, long offset, long length, String detail) {
    StringBuilder text = new StringBuilder(errno.name()).append(' ').append(operation);
    if (ino != NONE) {
      text.append(" ino=").append(ino);
    }
    if (offset != NONE) {
      text.append(" offset=").append(offset);
    }
    if (length != NONE) {
      text.append(" length=").append(length);
    }
    return text.append(": ").append(detail.isEmpty() ? errno.text() : detail).toString();
  }

  /** What was said beside errno, operation and range. */
  public String detail() {
    String message = String.valueOf(getMessage());
    return message.substring(message.indexOf(": ") + 2);
  }

  public Errno errno() {
    return errno;
  }

  public String operation() {
    return operation;
  }

  public long ino() {
    return ino;
  }

  public long offset() {
    return offset;
  }

  public long length() {
    return length;
  }
}
