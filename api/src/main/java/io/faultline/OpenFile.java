package io.faultline;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A regular file (or a directory, for {@link #status} and {@link #sync} only) that is open, a file
 * description in the words of open(2). It keeps its inode alive: the file can be read and written
 * after its last name is gone.
 *
 * <p>Offsets, lengths and sizes are bytes; ranges are half-open, {@code [offset, offset + length)}.
 * There is no file position. Safe for use by any number of threads, virtual ones included;
 * interrupting a thread in here neither closes the file nor stops the operation.
 *
 * <p>Every method throws {@link ErrnoException}: {@link Errno#EBADF} when the file is closed or was
 * not opened for this, {@link Errno#EROFS} for a change of a read-only volume, {@link Errno#EIO}
 * when the device or the journal failed, and what it names itself.
 *
 * <p>A failed write of data loses what it could not write and is told once, as {@link Errno#EIO} by
 * the next {@link #sync} or {@link #dataSync}; the volume goes on. Only a failed flush of the
 * device or a failed write of the journal makes the volume read-only. No failed sync is repeated.
 */
public interface OpenFile extends AutoCloseable {

  /**
   * Reads from {@code position} into the buffer, pread(2). Fewer bytes than the buffer has room for
   * only at the end of the file or before a block that the device cannot deliver. Never returns
   * bytes past the end. A range that spans pages may show one page before and the next after a
   * concurrent write; {@link #readWhole} does not.
   *
   * @return bytes read, 0 if the buffer has no room, -1 at or past the end of the file
   * @throws ErrnoException EINVAL negative position; EIO the device failed before anything was read
   */
  int read(ByteBuffer target, long position) throws IOException;

  /**
   * Reads as {@link #read}, and all bytes are from one moment during the call: of every concurrent
   * write, truncate, punch and the like it shows all or nothing, as XFS does. Unlike {@link #read}
   * it takes locks: it waits for such changes of the same range, and they for it. Stores through a
   * mapping are no calls; of them each page shows one moment.
   *
   * @return bytes read, 0 if the buffer has no room, -1 at or past the end of the file
   * @throws ErrnoException as {@link #read}
   */
  int readWhole(ByteBuffer target, long position) throws IOException;

  /**
   * Writes the buffer at {@code position}, pwrite(2); the file grows if need be. On a file opened
   * with {@code APPEND} the position is ignored and the bytes go to the end, as on Linux.
   * Overlapping writes do not interleave. Durable only after {@link #sync}, {@link #dataSync} or
   * {@link Volume#sync}, or on return if opened with {@code SYNC} or {@code DSYNC}.
   *
   * @return bytes written; fewer than the buffer held when space, the size limit or a failure of
   *     the device ended inside it: writing the rest then tells which
   * @throws ErrnoException EINVAL negative position; EFBIG at or beyond the largest size; ENOSPC no
   *     space for the first byte
   */
  int write(ByteBuffer source, long position) throws IOException;

  /**
   * Writes the buffer at the end of the file, wherever that is by then; appends of several threads
   * do not interleave. If the buffer is not empty afterwards, space ended inside it.
   *
   * @return the offset at which the bytes landed
   * @throws ErrnoException EFBIG, ENOSPC as {@link #write}
   */
  long append(ByteBuffer source) throws IOException;

  /** The end of the file in bytes. */
  long size() throws IOException;

  /**
   * Sets the end of the file, ftruncate(2). What lay behind it is gone: growing again shows zeros.
   *
   * @throws ErrnoException EINVAL negative; EFBIG beyond the largest size
   */
  void truncate(long sizeBytes) throws IOException;

  /**
   * Makes the range a hole, fallocate(2) {@code FALLOC_FL_PUNCH_HOLE}: whole blocks are freed,
   * edges zeroed, the size stays. A read that begins after this returned sees zeros there.
   *
   * @throws ErrnoException EINVAL negative offset or length below 1; EFBIG the range ends beyond
   *     the largest size; EOPNOTSUPP the layout cannot
   */
  void punchHole(long offset, long length) throws IOException;

  /** {@link #zeroRange(long, long, boolean)} that lets the file grow. */
  default void zeroRange(long offset, long length) throws IOException {
    zeroRange(offset, length, false);
  }

  /**
   * Makes the range read as zeros and keeps (or gives) it blocks, {@code FALLOC_FL_ZERO_RANGE}.
   *
   * @param keepSize the file does not grow, even if the range ends past it
   * @throws ErrnoException EINVAL, EFBIG, EOPNOTSUPP as {@link #punchHole}; ENOSPC
   */
  void zeroRange(long offset, long length, boolean keepSize) throws IOException;

  /** {@link #allocate(long, long, boolean)} that lets the file grow. */
  default void allocate(long offset, long length) throws IOException {
    allocate(offset, length, false);
  }

  /**
   * Gives the holes of the range blocks, fallocate(2) with mode 0, so that later writes there
   * cannot fail for lack of space. What they read does not change.
   *
   * @param keepSize the file does not grow, even if the range ends past it
   * @throws ErrnoException EINVAL, EFBIG, EOPNOTSUPP as {@link #punchHole}; ENOSPC
   */
  void allocate(long offset, long length, boolean keepSize) throws IOException;

  /**
   * Cuts the range out and moves what is behind it down, {@code FALLOC_FL_COLLAPSE_RANGE}.
   *
   * @throws ErrnoException EOPNOTSUPP the layout cannot; EINVAL offset or length is not a multiple
   *     of 4096, or the range reaches the end of the file (truncate does that)
   */
  void collapseRange(long offset, long length) throws IOException;

  /**
   * Opens a hole at {@code offset} and moves what is behind it up, {@code FALLOC_FL_INSERT_RANGE}.
   *
   * @throws ErrnoException EOPNOTSUPP the layout cannot; EINVAL offset or length is not a multiple
   *     of 4096, or the offset is at or past the end of the file; EFBIG the file would be too large
   */
  void insertRange(long offset, long length) throws IOException;

  /**
   * Makes {@code [offset, offset + length)} of this file share the blocks of the source's range,
   * ioctl_ficlonerange(2). A length of 0 means to the end of the source.
   *
   * @throws ErrnoException EOPNOTSUPP the layout shares no blocks; EXDEV the source is not of this
   *     volume; EINVAL not aligned, beyond the source's end, or overlapping in one file
   */
  void cloneRange(OpenFile source, long sourceOffset, long offset, long length) throws IOException;

  /**
   * Shares the blocks of the source's range if both ranges hold the same bytes,
   * ioctl_fideduperange(2).
   *
   * @return bytes now shared; 0 when the contents differ
   * @throws ErrnoException EOPNOTSUPP, EXDEV, EINVAL as {@link #cloneRange}
   */
  long dedupeRange(OpenFile source, long sourceOffset, long offset, long length) throws IOException;

  /**
   * The first byte at or behind {@code offset} that is data, lseek(2) {@code SEEK_DATA}. Bytes in
   * the cache that were written count as data.
   *
   * @throws ErrnoException ENXIO negative offset, at or past the end, or only a hole follows
   */
  long seekData(long offset) throws IOException;

  /**
   * The first byte at or behind {@code offset} that lies in a hole, lseek(2) {@code SEEK_HOLE}; the
   * end of the file counts as one.
   *
   * @throws ErrnoException ENXIO negative offset, at or past the end
   */
  long seekHole(long offset) throws IOException;

  /**
   * All that is not a hole, by rising offset and without overlap; changes nothing, flushes nothing.
   */
  List<FileExtent> extents() throws IOException;

  /**
   * Announces how a range will be read, posix_fadvise(2); a length of 0 means to the end.
   *
   * @throws ErrnoException EINVAL negative offset or length
   */
  void advise(long offset, long length, Advice advice) throws IOException;

  /**
   * Maps a range, readable always and writable if the file is open for writing. It may reach past
   * the end of the file, which may grow under it.
   *
   * @throws ErrnoException EINVAL negative offset, length below 1, or an offset that is not a
   *     multiple of 4096; EBADF the file is not open for reading
   */
  MappedView map(long offset, long length) throws IOException;

  /** What fstat(2) tells. */
  FileStatus status() throws IOException;

  /**
   * Makes the file durable, fsync(2): its data, its size, its attributes and the names under which
   * it was created, linked or renamed. Returns after the device was flushed.
   */
  void sync() throws IOException;

  /** Makes its data and what is needed to read it durable, fdatasync(2). */
  void dataSync() throws IOException;

  /** The same operations as stages. */
  AsyncOpenFile async();

  /** Whether neither this file nor its volume was closed. */
  boolean isOpen();

  /** Lets go of the file, close(2). Never syncs. Closing twice does nothing. */
  @Override
  void close() throws IOException;
}
