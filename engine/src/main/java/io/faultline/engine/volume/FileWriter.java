package io.faultline.engine.volume;

import static io.faultline.engine.volume.LiveVolume.BLOCK_BYTES;
import static io.faultline.engine.volume.LiveVolume.FILE_BYTES_MAX;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.pagecache.Mapping;
import io.faultline.engine.pagecache.PageWriter;
import io.faultline.engine.runtime.Checks;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Puts bytes into the pages of a file: under which locks, and what is done when the volume is full.
 * What a caller may ask for at all {@link OpenInode} has checked, and it holds the file in use.
 *
 * <table>
 * <caption>Locks (rule R18)</caption>
 * <tr><th>bytes</th><th>I/O lock</th><th>range lock</th></tr>
 * <tr><td>inside the end of file</td><td>shared: the size sampled under it holds</td><td>if they
 *     span pages: overlapping writes do not take turns page by page</td></tr>
 * <tr><td>past it, appended</td><td>exclusive: data first, then size (invariant I5)</td><td>-</td>
 * </tr>
 * <tr><td>stored through a mapping</td><td>-</td><td>-</td></tr>
 * </table>
 *
 * <p>Thread-safe.
 */
final class FileWriter {
  private final LiveVolume volume;
  private final Vnode vnode;
  private final Mapping mapping;
  private final PageWriter pages;

  FileWriter(LiveVolume volume, Vnode vnode) {
    this.volume = volume;
    this.vnode = vnode;
    this.mapping = vnode.mapping;
    this.pages = volume.cache().writer();
  }

  /**
   * Writes the first {@code length} bytes of {@code src}.
   *
   * @param early the size, for a mutant that samples it before the lock; otherwise -1
   * @return bytes written, fewer only if the volume filled up or failed behind them
   */
  int write(ByteBuffer src, long position, int length, long early) throws FsException {
    vnode.ioLock.lockShared();
    boolean shared = true;
    try {
      long size = early >= 0 ? early : mapping.size();
      if (position + length <= size) {
        return overwrite(src, position, length);
      }
      // Never upgraded: two upgraders would wait for each other (rule R18).
      vnode.ioLock.unlockShared();
      shared = false;
      vnode.ioLock.lockExclusive();
      try {
        return extend(src, position, length);
      } finally {
        vnode.ioLock.unlockExclusive();
      }
    } finally {
      if (shared) {
        vnode.ioLock.unlockShared();
      }
    }
  }

  /** Writes at the end of file, as far as the largest offset; gives the offset of the bytes. */
  long append(ByteBuffer src) throws FsException {
    vnode.ioLock.lockExclusive();
    try {
      long position = mapping.size();
      int length = src.remaining();
      if (length == 0) {
        return position;
      }
      if (position >= FILE_BYTES_MAX) {
        throw vnode.refused(
            Errno.EFBIG, "append", position, length, "largest is " + FILE_BYTES_MAX);
      }
      extend(src, position, (int) Math.min(length, FILE_BYTES_MAX - position));
      return position;
    } finally {
      vnode.ioLock.unlockExclusive();
    }
  }

  private int overwrite(ByteBuffer src, long position, int length) throws FsException {
    long first = position / BLOCK_BYTES;
    long last = (position + length - 1) / BLOCK_BYTES;
    boolean spans = first != last;
    long handle = spans ? vnode.ranges.lock(first, last + 1) : 0;
    try {
      return putAll(src, position, length, PageWriter.Mode.OVERWRITE);
    } finally {
      if (spans) {
        vnode.ranges.unlock(handle);
      }
    }
  }

  private int extend(ByteBuffer src, long position, int length) throws FsException {
    if (position + length > mapping.size()) {
      try {
        volume.suspectTails().mend(vnode);
      } catch (IOException e) {
        throw vnode.failed(e, "write", position, length);
      }
    }
    return putAll(src, position, length, PageWriter.Mode.EXTEND);
  }

  private int putAll(ByteBuffer src, long position, int length, PageWriter.Mode mode)
      throws FsException {
    MemorySegment from = MemorySegment.ofBuffer(src);
    int done = 0;
    boolean committed = false;
    if (Checks.ON) {
      vnode.writing.incrementAndGet();
    }
    try {
      while (done < length) {
        long at = position + done;
        int offset = (int) (at % BLOCK_BYTES);
        int n = Math.min(BLOCK_BYTES - offset, length - done);
        PageWriter.Result result =
            pages.put(mapping, at / BLOCK_BYTES, offset, n, from, done, mode);
        if (result == PageWriter.Result.DONE) {
          done += n;
        } else if (committed) {
          break;
        } else {
          // Rule R20: what running transactions freed may be all that is missing.
          volume.frees().commitForSpace();
          committed = true;
        }
      }
    } catch (IOException e) {
      if (done == 0) {
        throw vnode.failed(e, "write", position, length);
      }
    } finally {
      if (Checks.ON) {
        vnode.writing.decrementAndGet();
      }
      wrote(src, done);
    }
    if (done == 0) {
      throw vnode.refused(
          Errno.ENOSPC,
          "write",
          position,
          length,
          volume.availableBlocks() + " blocks are available");
    }
    return done;
  }

  /** Stores all of {@code src} through a mapping, or fails behind the pages stored so far. */
  void store(ByteBuffer src, long position) throws FsException {
    MemorySegment from = MemorySegment.ofBuffer(src);
    int length = src.remaining();
    int done = 0;
    boolean committed = false;
    try {
      while (done < length) {
        long at = position + done;
        int offset = (int) (at % BLOCK_BYTES);
        int n = Math.min(BLOCK_BYTES - offset, length - done);
        PageWriter.Result result =
            pages.put(mapping, at / BLOCK_BYTES, offset, n, from, done, PageWriter.Mode.STORE);
        switch (result) {
          case DONE -> done += n;
          case PAST_END ->
              throw vnode.refused(
                  Errno.ENXIO, "store", at, n, "behind the end of file " + mapping.size());
          case NO_SPACE -> {
            if (committed) {
              throw vnode.refused(Errno.ENOSPC, "store", at, n, "the page cannot be backed");
            }
            volume.frees().commitForSpace();
            committed = true;
          }
        }
      }
    } catch (IOException e) {
      throw vnode.failed(e, "store", position, length);
    } finally {
      wrote(src, done);
    }
  }

  private void wrote(ByteBuffer src, int done) {
    if (done > 0) {
      src.position(src.position() + done);
      vnode.modified(volume.nowNanos());
      volume.dirtied();
    }
  }
}
