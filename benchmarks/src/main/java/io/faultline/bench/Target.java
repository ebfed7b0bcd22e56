package io.faultline.bench;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * What is measured: the engine, or what a user would pick instead. Names are without slashes. What
 * a target cannot do throws {@link UnsupportedOperationException}; no row asks it to.
 */
interface Target extends Closeable {
  /** One open file. Any thread may call; buffers are direct. */
  interface Open extends Closeable {
    /** Bytes read at {@code position}. */
    int read(ByteBuffer into, long position) throws IOException;

    /** Writes all of {@code from} at {@code position}. */
    void write(ByteBuffer from, long position) throws IOException;

    /** Writes all of {@code from} at the end. One thread. */
    void append(ByteBuffer from) throws IOException;

    /** Makes the file empty. One thread. */
    void truncate() throws IOException;

    /** Makes the range a hole; the size stays. */
    default void punch(long offset, long length) throws IOException {
      throw new UnsupportedOperationException();
    }

    /** Writes what is dirty to the device, so that nobody else pays for it. */
    default void settle() throws IOException {}

    /** Makes later reads go to the device. */
    default void dropCache() throws IOException {
      throw new UnsupportedOperationException();
    }
  }

  /** Whether every page of a read is of one moment. */
  default boolean atomicPages() {
    return false;
  }

  /** How many requests a sequential reader must have in flight to be fast. */
  default int requestsInFlight() {
    return 1;
  }

  /**
   * Opens a file for reading and writing, as another file description each time; a new one is made
   * {@code bytes} long, of holes, if it may then be filled by {@link Open#write}.
   */
  Open open(String name, long bytes) throws IOException;

  /** Makes a file for appends that are durable when they return. */
  default AppendLog log(String name) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Makes an empty file. */
  default void create(String name) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** The file's size. */
  default long stat(String name) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Removes a file. */
  void unlink(String name) throws IOException;

  @Override
  void close() throws IOException;
}
