package io.faultline.engine.device;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Where journal files live: a port, so that a crash test can lose journal bytes and names that were
 * not synced.
 *
 * <p>What is durable: bytes up to the file's last successful {@link JournalFile#sync}, and the
 * names as of the last successful {@link #syncDirectory}. A new file needs both before anything in
 * it may be acknowledged (R8). Meant for one committer thread; safe for more.
 */
public interface JournalStore {

  /** Names present now, sorted. */
  List<String> list() throws IOException;

  /**
   * Opens a file for reading and writing.
   *
   * @param name a plain name, no path
   * @param create make it when it is not there
   * @throws java.nio.file.NoSuchFileException if it is not there and not to be made
   */
  JournalFile open(String name, boolean create) throws IOException;

  /**
   * Removes a name; durable after {@link #syncDirectory}.
   *
   * @throws java.nio.file.NoSuchFileException if it is not there
   */
  void delete(String name) throws IOException;

  /**
   * Gives a file another name, at once for everybody; what had that name is gone. Durable after
   * {@link #syncDirectory}: until then a crash may leave either name. Of use to checkpoints; a
   * store for segments alone need not have it.
   *
   * @throws java.nio.file.NoSuchFileException if {@code from} is not there
   */
  default void rename(String from, String to) throws IOException {
    throw new UnsupportedOperationException("this store does not rename");
  }

  /** Makes creations, deletions and renames durable. */
  void syncDirectory() throws IOException;

  /**
   * How many bytes of zeros should lie written behind the last record of a file that grows, so that
   * most syncs change neither its length nor where it lies on the disk; 0 if that gains nothing.
   */
  default int zerosAheadBytes() {
    return 0;
  }

  /** Checks that a name cannot leave the directory. */
  static String checkName(String name) {
    if (name.isEmpty() || name.equals(".") || name.equals("..") || name.contains("/")) {
      throw new IllegalArgumentException("not a plain file name: '" + name + "'");
    }
    return name;
  }

  /** One journal file; positions and lengths in bytes. */
  interface JournalFile extends AutoCloseable {

    /** Present length. */
    long length() throws IOException;

    /**
     * Reads until {@code dst} is full or the file ends; -1 if {@code position} is at or past its
     * end.
     */
    int read(ByteBuffer dst, long position) throws IOException;

    /** Writes all of {@code src}; past the end the gap reads as zeros. */
    void write(ByteBuffer src, long position) throws IOException;

    /**
     * Makes bytes and length durable (fdatasync). After a failure nothing may be concluded about
     * either.
     */
    void sync() throws IOException;

    /** Cuts the file; a no-op if it is not longer. */
    void truncate(long length) throws IOException;

    @Override
    void close() throws IOException;
  }
}
