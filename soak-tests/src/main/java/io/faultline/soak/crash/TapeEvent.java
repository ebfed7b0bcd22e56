package io.faultline.soak.crash;

import java.util.List;

/**
 * What happened to the media, in order, on one time axis: the image and the files of all
 * directories. A change is pending until a flush or sync behind it makes it durable.
 */
sealed interface TapeEvent {
  /** Something that a power cut may take as long as it is pending. */
  sealed interface Change extends TapeEvent {}

  /** Blocks from {@code first} on were written with one request. */
  record ImageWritten(int first, List<Block> blocks) implements Change {}

  /** One block of a request: blocks survive each on its own. */
  record BlockWritten(int block, Block content) implements Change {}

  /** Everything written to the image before is durable. */
  record ImageFlushed() implements TapeEvent {}

  /** A name was given to a new, empty file. */
  record FileCreated(String path, int file) implements Change {}

  /** Bytes were written into a file. */
  final class FileWritten implements Change {
    private final int file;
    private final int position;
    private final byte[] bytes;

    /** Takes {@code bytes} over. */
    FileWritten(int file, int position, byte[] bytes) {
      this.file = file;
      this.position = position;
      this.bytes = bytes;
    }

    int file() {
      return file;
    }

    int position() {
      return position;
    }

    /** Of which nothing may be changed. */
    byte[] bytes() {
      return bytes;
    }
  }

  /** A file was cut. */
  record FileCut(int file, int length) implements Change {}

  /** Everything written to the file before, its length included, is durable. */
  record FileSynced(int file) implements TapeEvent {}

  /** A name was removed. */
  record NameRemoved(String path) implements Change {}

  /** A file got another name, over what had that name. */
  record NameMoved(String from, String to, int file) implements Change {}

  /** All names in a directory are durable. */
  record DirectorySynced(String directory) implements TapeEvent {}

  /** The client: an operation began. */
  record Began(int step) implements TapeEvent {}

  /** The client: an operation was acknowledged. */
  record Acknowledged(int step) implements TapeEvent {}

  /** The volume was made. */
  record Made() implements TapeEvent {}

  /** The volume is open: what was found is believed. */
  record Opened() implements TapeEvent {}

  /** Whether it makes something durable. */
  default boolean isBarrier() {
    return this instanceof ImageFlushed
        || this instanceof FileSynced
        || this instanceof DirectorySynced;
  }
}
