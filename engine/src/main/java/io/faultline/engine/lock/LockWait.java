package io.faultline.engine.lock;

/**
 * What threads wait for beside locks: drains and barriers, each a node of the graph that {@link
 * LockOrder} keeps. Who is to end such a wait says so with {@link LockOrder#owes}; what he takes or
 * waits for meanwhile stands behind it, as what is taken under a lock stands behind that lock.
 */
public enum LockWait {
  /** WRITEBACK of a page; ended by the writeback of that page. */
  WRITEBACK,
  /** A free frame; ended by the flusher. */
  FRAME,
  /** Room in the running transaction; ended by the committer. */
  TRANSACTION_ROOM,
  /** A transaction to be durable; ended by the committer. */
  COMMIT,
  /** A flush of the image; ended by whoever flushes. */
  FLUSH,
  /** A device request; ended by the device. */
  DEVICE,
  /** Operations under way to end; ended by them. */
  OPERATIONS,
  /** The reply of a command; ended by the command's body. */
  COMMAND
}
