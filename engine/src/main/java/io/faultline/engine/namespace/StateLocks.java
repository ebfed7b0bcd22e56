package io.faultline.engine.namespace;

/** Inode-state locks that are held until {@link #close}, by the thread that took them. */
public interface StateLocks extends AutoCloseable {
  /** Releases all of them. */
  @Override
  void close();
}
