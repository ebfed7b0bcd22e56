package io.faultline.engine.volume;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.Attributes;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.journal.Journal;
import io.faultline.engine.lock.CacheGuard;
import io.faultline.engine.namespace.StateLocks;
import io.faultline.engine.runtime.Barrier;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.writeback.Writeback;
import java.io.IOException;
import java.util.List;

/**
 * What fsync(2) and sync(2) promise (rule R2), for callers that hold no lock. Thread-safe.
 *
 * <p>In both: write back and wait for what others write back, wait for a destroyer under way, event
 * the times, commit, flush the image. Each step rests on the one before it.
 */
final class Durability {
  private final LiveVolume volume;
  private final FilesInUse files;
  private final Publisher publisher;
  private final Writeback writeback;
  private final Journal journal;
  private final FlushingDevice image;

  Durability(
      LiveVolume volume,
      FilesInUse files,
      Publisher publisher,
      Writeback writeback,
      Journal journal,
      FlushingDevice image) {
    this.volume = volume;
    this.files = files;
    this.publisher = publisher;
    this.writeback = writeback;
    this.journal = journal;
    this.image = image;
  }

  /** Events the times that only memory knows. */
  void settleTimes(Vnode vnode) throws FsException {
    if (vnode.pendingMtime.get() == 0 && vnode.pendingAtime.get() == 0) {
      return;
    }
    try (StateLocks _ = publisher.lockStates(vnode.ino())) {
      if (volume.table().get(vnode.ino()) instanceof Inode.RegularFile file) {
        Attributes at = file.attributes();
        publisher.publish(
            List.of(
                new Event.AttributesChanged(
                    at.ino(),
                    at.mode(),
                    at.uid(),
                    at.gid(),
                    vnode.atime(),
                    vnode.mtime(),
                    vnode.ctime())));
      } else {
        vnode.pendingMtime.set(0);
        vnode.pendingAtime.set(0);
      }
    }
  }

  /**
   * Whoever asks for durability of a journal that failed is told EIO, whether or not there is
   * something left to append.
   */
  private void settleTimesForSync(Vnode vnode, String operation) throws FsException {
    try {
      settleTimes(vnode);
    } catch (FsException e) {
      throw e.errno() == Errno.EROFS
          ? new FsException(Errno.EIO, operation, vnode.ino(), e.detail(), e)
          : e;
    }
  }

  /**
   * fsync(2), rule R2: writes back, waits for what others write back, for a destroyer under way,
   * then for the newest transaction that names the inode, then for a flush of the image that began
   * after the writes.
   *
   * @param times whether times must be durable too (fdatasync: no)
   */
  void fsync(Vnode vnode, boolean times) throws FsException {
    if (!Barrier.FSYNC_WRITEBACK.omitted()) {
      writeback.flush(vnode, 0, Long.MAX_VALUE, true);
    }
    awaitDestroyer(vnode);
    if (times) {
      settleTimesForSync(vnode, "fsync");
    }
    // Counted here, so that what others write during the commit costs no flush of its own.
    long writes = image.writesDone();
    if (!Barrier.FSYNC_COMMIT.omitted()) {
      journal.commitUpTo(vnode.lastLsn);
    }
    if (Barrier.FSYNC_IMAGE_FLUSH.omitted()) {
      return;
    }
    try {
      image.flushWritten(writes);
    } catch (IOException e) {
      volume.fail(e);
      throw new FsException(Errno.EIO, "fsync", vnode.ino(), String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * A destroyer may have thrown dirty pages away before the writeback just done came to them, and
   * not have published yet: then neither what was written there nor what it put in its place would
   * be durable, and a crash would bring back what was there before both. Whoever comes after the
   * writeback finds such a destroyer in the mapping lock; one that is granted later finds the pages
   * clean.
   */
  private static void awaitDestroyer(Vnode vnode) {
    CacheGuard guard = vnode.mapping.lock();
    if (guard.heldExclusive() && !Mutant.R2_FSYNC_SKIPS_DESTROYER.on()) {
      guard.awaitExclusive();
    }
  }

  /** sync(2) of the volume: everything done before the call is durable after it. */
  void syncAll() throws FsException {
    for (Vnode vnode : files.all()) {
      if (!Barrier.SYNC_WRITEBACK.omitted()) {
        writeback.flush(vnode, 0, Long.MAX_VALUE, true);
      }
      awaitDestroyer(vnode);
      settleTimesForSync(vnode, "sync");
    }
    if (!Barrier.SYNC_COMMIT.omitted()) {
      journal.commitUpTo(journal.runningLsn());
    }
    try {
      if (!Barrier.SYNC_IMAGE_FLUSH.omitted()) {
        image.flushWritten();
      }
    } catch (IOException e) {
      volume.fail(e);
      throw new FsException(Errno.EIO, "sync", FsException.NONE, String.valueOf(e.getMessage()), e);
    }
    tellLosses();
  }

  /** As syncfs(2): what writeback lost and no fsync has told anybody is told here. */
  private void tellLosses() throws FsException {
    FsException loss = null;
    for (Vnode vnode : files.all()) {
      if (vnode.hasUnseenError()) {
        vnode.toldErrors(vnode.errorCount());
        Throwable cause = vnode.lastError();
        loss =
            new FsException(
                Errno.EIO,
                "sync",
                vnode.ino(),
                "data written earlier was lost: " + (cause == null ? "" : cause.getMessage()),
                cause == null ? new IOException("writeback failed") : cause);
      }
    }
    if (loss != null) {
      throw loss;
    }
  }
}
