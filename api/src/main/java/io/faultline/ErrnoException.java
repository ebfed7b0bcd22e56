package io.faultline;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A volume refused or failed an operation. Names the {@linkplain #errno() errno} of the manual
 * page, the {@linkplain #operation() operation} and, where they are known, the {@linkplain #inode()
 * inode} and the byte range {@code [offset, offset + length)}; the message holds all of them.
 *
 * <p>An {@link Errno#EIO} from {@code sync} is final: what was not durable before it may be lost,
 * and syncing again does not make it good, even if it succeeds. The volume takes no further change
 * if the flush of the device or the journal failed; after a failed write of data it goes on.
 */
public class ErrnoException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * Stands for an inode, offset or length that the failure does not concern. Not -1: that is an
   * offset somebody may have asked for, and the message shows it.
   */
  public static final long NONE = Long.MIN_VALUE;

  private final Errno errno;
  private final String operation;
  private final long inode;
  private final long offset;
  private final long length;

  /** A failure that concerns neither an inode nor a range. */
  public ErrnoException(Errno errno, String operation, String detail) {
    this(errno, operation, NONE, NONE, NONE, detail);
  }

  /**
   * A failure of one inode's range.
   *
   * @param inode the inode number, or {@link #NONE}
   * @param offset first byte concerned, or {@link #NONE}
   * @param length bytes concerned, or {@link #NONE}
   * @param detail what is wrong, with figures; empty for the errno's own text
   */
  public ErrnoException(
      Errno errno, String operation, long inode, long offset, long length, String detail) {
    super(message(errno, operation, inode, offset, length, detail));
    this.errno = errno;
    this.operation = operation;
    this.inode = inode;
    this.offset = offset;
    this.length = length;
  }

  /** The same failure as the engine saw it, with the engine's own words and cause. */
  ErrnoException(
      Errno errno,
      String operation,
      long inode,
      long offset,
      long length,
      @Nullable String message,
      @Nullable Throwable cause) {
    super(message, cause);
    this.errno = errno;
    this.operation = operation;
    this.inode = inode;
    this.offset = offset;
    this.length = length;
  }

  private static String message(
      Errno errno, String operation, long inode, long offset, long length, String detail) {
    StringBuilder text = new StringBuilder(errno.name()).append(' ').append(operation);
    if (inode != NONE) {
      text.append(" ino=").append(inode);
    }
    if (offset != NONE) {
      text.append(" offset=").append(offset);
    }
    if (length != NONE) {
      text.append(" length=").append(length);
    }
    return text.append(": ").append(detail.isEmpty() ? errno.text() : detail).toString();
  }

  /** Which error; {@code errno().name()} is its name in errno(3). */
  public Errno errno() {
    return errno;
  }

  /** What was attempted, such as {@code "punch"} or {@code "open"}. */
  public String operation() {
    return operation;
  }

  /** The inode number, or {@link #NONE}. */
  public long inode() {
    return inode;
  }

  /** The first byte concerned, or {@link #NONE}. */
  public long offset() {
    return offset;
  }

  /** How many bytes were concerned, or {@link #NONE}. */
  public long length() {
    return length;
  }
}
