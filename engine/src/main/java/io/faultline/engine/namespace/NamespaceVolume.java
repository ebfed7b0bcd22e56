package io.faultline.engine.namespace;

import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.InodeTable;
import java.util.List;

/** What {@link Namespace} needs of the live volume around it. Safe for use by many threads. */
public interface NamespaceVolume {
  /** The evented state; read without locks, changed by {@link #publish} only. */
  InodeTable table();

  /**
   * Takes the inode-state locks of these inodes, which need not exist.
   *
   * @param inos in any order and with duplicates; each lock is taken once, by ascending number
   */
  StateLocks lockStates(long... inos);

  /**
   * Appends {@code batch} to the running transaction, then applies it to {@link #table} event by
   * event. The caller holds the state lock of every inode the batch names (rule R7).
   *
   * @return the LSN of the transaction that will carry the batch
   * @throws FsException when nothing was appended and nothing applied
   */
  long publish(List<Event> batch) throws FsException;

  /** The volume's wall clock, nanoseconds since the epoch. */
  long nowNanos();

  /**
   * Whether only names hold {@code ino}: then the batch that takes the last one ends it as well.
   * The caller holds its state lock, and whoever takes it into use afterwards looks again under it.
   */
  boolean unused(long ino);

  /**
   * The link count of {@code ino} has reached 0 while it may be in use. Called once for each such
   * inode, after the change was published, while the caller holds no lock.
   */
  void lastNameRemoved(long ino);

  /** Throws EROFS (or EIO, after a failure) when the volume takes no changes. */
  void requireWritable() throws FsException;
}
