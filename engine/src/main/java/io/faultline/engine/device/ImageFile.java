package io.faultline.engine.device;

import java.io.IOException;

/** The blocking half of an image file: positional transfers in the calling platform thread. */
interface ImageFile {

  /** Moves all pieces of a read or write. */
  void transfer(Io io) throws IOException;

  /** Makes completed writes durable. */
  void sync() throws IOException;

  /** Gives a range back to the host, best effort. */
  void discard(long offset, long lengthBytes) throws IOException;

  /** Length as the host sees it, bytes. */
  long length() throws IOException;

  /** Whether the host's page cache is bypassed. */
  boolean direct();

  /** Whether discards have an effect. */
  boolean discards();

  /** Whether any platform thread may call, or only one that nobody interrupts. */
  boolean anyThread();

  /** How it is reached, for people. */
  String access();

  void close() throws IOException;
}
