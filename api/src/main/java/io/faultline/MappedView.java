package io.faultline;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A range of a file as memory, mmap(2) with {@code MAP_SHARED}, except that faults are explicit:
 * each access finds its page in the cache or faults it in, and the first store to a clean page
 * makes it writable (reserves its space, marks it dirty). Views, reads and writes of one file see
 * the same bytes at once.
 *
 * <p>Positions are bytes from the start of the view. Inside the page that holds the end of the file
 * a load past the end sees zeros; a store there, which mmap(2) would lose in silence, fails, as
 * does any access of a page wholly past it ({@link BusErrorException}). The end is looked at in
 * each access: a view does not hold a file's size.
 *
 * <p>Safe for use by several threads. An access inside one page is atomic against changes of the
 * mapping, one that spans pages is not.
 */
public interface MappedView extends AutoCloseable {

  /** Bytes of the view, as asked of {@link OpenFile#map}. */
  long length();

  /**
   * Loads one byte.
   *
   * @throws IndexOutOfBoundsException outside {@code [0, length())}
   * @throws BusErrorException no such page
   * @throws ErrnoException EBADF the view is closed
   */
  byte get(long position) throws IOException;

  /**
   * Stores one byte.
   *
   * @throws IndexOutOfBoundsException outside {@code [0, length())}
   * @throws BusErrorException past the end of the file, or no space for the page
   * @throws ErrnoException EBADF the view is closed or its file was not opened for writing
   */
  void put(long position, byte value) throws IOException;

  /**
   * Loads {@code [position, position + target.remaining())} and advances the buffer; after a
   * failure the buffer stands behind what was loaded.
   *
   * @throws IndexOutOfBoundsException the range does not lie inside {@code [0, length())}
   * @throws BusErrorException no such page
   * @throws ErrnoException EBADF the view is closed
   */
  void get(long position, ByteBuffer target) throws IOException;

  /**
   * Stores {@code source.remaining()} bytes at {@code position} and advances the buffer; after a
   * failure the buffer stands behind what was stored.
   *
   * @throws IndexOutOfBoundsException the range does not lie inside {@code [0, length())}
   * @throws BusErrorException past the end of the file, or no space for the page
   * @throws ErrnoException EBADF the view is closed or its file was not opened for writing
   */
  void put(long position, ByteBuffer source) throws IOException;

  /** Ends the mapping, munmap(2); syncs nothing. Closing twice does nothing. */
  @Override
  void close();
}
