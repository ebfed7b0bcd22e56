package io.faultline.tree;

/** Watches a tree being carried over. Called in the thread that carries. */
public interface TreeObserver {
  /** {@code bytes} more of the current file are done, holes included. */
  void advanced(long bytes);

  /** An entry was left out; the rest goes on. */
  void skipped(String path, String reason);
}
