package io.faultline;

import org.jspecify.annotations.Nullable;

/**
 * A page of a {@link MappedView} could not be had; on hardware this access would have raised SIGBUS
 * (mmap(2), "ERRORS"). The errno says why:
 *
 * <ul>
 *   <li>{@link Errno#ENXIO}: the page lies wholly past the end of the file, which may have been
 *       truncated after it was mapped, or a store lies past the end inside the last page;
 *   <li>{@link Errno#EIO}: the device could not deliver the page;
 *   <li>{@link Errno#ENOSPC}: a store hit a hole and there is no block to put there.
 * </ul>
 */
public final class BusErrorException extends ErrnoException {
  private static final long serialVersionUID = 1L;

  /** An access of {@code length} bytes at file offset {@code offset} met no page. */
  public BusErrorException(
      Errno errno, String operation, long inode, long offset, long length, String detail) {
    super(errno, operation, inode, offset, length, detail);
  }

  BusErrorException(
      Errno errno,
      String operation,
      long inode,
      long offset,
      long length,
      @Nullable String message,
      @Nullable Throwable cause) {
    super(errno, operation, inode, offset, length, message, cause);
  }
}
