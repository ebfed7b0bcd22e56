package io.faultline.persistence.checkpoint;

import io.faultline.engine.device.JournalStore;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Where a volume's checkpoints lie: a port. A checkpoint is named by the transaction it is the
 * state behind, is written once from front to back, and is there for others only when it is whole
 * and durable. Safe for one writer and any number of readers.
 */
public interface CheckpointStore {
  /** The transactions there is a checkpoint for, ascending. */
  List<Long> list() throws IOException;

  /**
   * Opens a checkpoint for reading.
   *
   * @throws java.nio.file.NoSuchFileException if there is none for {@code lsn}
   */
  JournalStore.JournalFile open(long lsn) throws IOException;

  /** Begins a checkpoint; one that was begun earlier and never published is dropped. */
  Draft begin(long lsn) throws IOException;

  /** Removes a checkpoint; durable after {@link #sync}. */
  void delete(long lsn) throws IOException;

  /** Makes what was removed stay so. */
  void sync() throws IOException;

  /** How a checkpoint is called in messages. */
  String nameOf(long lsn);

  /** A checkpoint being written. Not thread-safe. */
  interface Draft extends Closeable {
    /** Appends all of {@code bytes}. */
    void write(ByteBuffer bytes) throws IOException;

    /** Makes it last, and only then visible; replaces an earlier one of the same transaction. */
    void publish() throws IOException;

    /** Lets go of it; what was not published is dropped, if that can be done. */
    @Override
    void close() throws IOException;
  }
}
