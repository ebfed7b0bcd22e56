package io.faultline.engine.writeback;

import io.faultline.engine.errno.FsException;
import io.faultline.engine.extent.AllocationWindow;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.pagecache.Mapping;
import org.jspecify.annotations.Nullable;

/** What writeback needs of a file. */
public interface WritebackFile {
  Mapping mapping();

  /** The evented state as last published. */
  Inode.RegularFile inode();

  /**
   * Waits until no extent of this file was moved by a transaction that is not durable: data written
   * in place would otherwise land, after a crash, at the offset from before the move (rule R9).
   */
  void forceMoves() throws FsException;

  /** Takes space for a page that has no reservation; only possible where the guard is off. */
  boolean reserveLate();

  /** Where it goes on growing; null if nobody has it open, so that it will not. */
  @Nullable AllocationWindow window();

  /** Modification time for the next event, nanoseconds since the epoch. */
  long mtime();

  /** Change time for the next event, nanoseconds since the epoch. */
  long ctime();

  /** A decision made under the inode-state lock. */
  interface Decision {
    /** The event to append, or null for none. */
    @Nullable Event decide();
  }

  /** Decides, appends, applies and publishes under the inode-state lock (rule R7). */
  void publish(Decision decision) throws FsException;

  /** Remembers an error for the next fsync of everybody who has the file open. */
  void writebackFailed(Throwable cause);
}
