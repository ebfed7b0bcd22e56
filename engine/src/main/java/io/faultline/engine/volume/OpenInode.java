package io.faultline.engine.volume;

import static io.faultline.engine.volume.LiveVolume.BLOCK_BYTES;
import static io.faultline.engine.volume.LiveVolume.FILE_BYTES_MAX;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.MappingCommand;
import io.faultline.engine.lock.Guard;
import io.faultline.engine.pagecache.Mapping;
import io.faultline.engine.pagecache.PageCache;
import io.faultline.engine.pagecache.Readahead;
import io.faultline.engine.runtime.CallerLane;
import io.faultline.engine.runtime.Mutant;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * An open file. Reads and writes run in the caller's thread; what changes the mapping goes through
 * the inode's actor. Offsets and lengths are bytes. Thread-safe.
 */
public final class OpenInode implements AutoCloseable {
  /** readahead(2) and friends. */
  public enum Advice {
    NORMAL,
    SEQUENTIAL,
    RANDOM,
    WILL_NEED,
    DONT_NEED
  }

  /** Relatime: a read moves atime if it lies this far back. */
  private static final long ATIME_AGE_NANOS = 24L * 60 * 60 * 1_000_000_000;

  /** Attempts at a whole read before writers of single pages are kept out. */
  private static final int WHOLE_READS_MAX = 8;

  /** Linux's rw_verify_area, before anything else is looked at. */
  private static final String NO_RANGE = "a negative offset, or an end past the largest number";

  private final LiveVolume volume;
  private final FilesInUse files;
  private final Vnode vnode;
  private final Mapping mapping;
  private final PageCache cache;
  private final FileWriter writer;
  private final boolean readable;
  private final boolean writable;
  private final boolean readsUnderIoLock;
  private final Readahead readahead = new Readahead();
  private final AtomicLong errorsSeen;
  private final AtomicBoolean closed = new AtomicBoolean();

  private OpenInode(LiveVolume volume, Vnode vnode, boolean readable, boolean writable) {
    this.volume = volume;
    this.files = volume.files();
    this.vnode = vnode;
    this.mapping = vnode.mapping;
    this.cache = volume.cache();
    this.writer = new FileWriter(volume, vnode);
    this.readable = readable;
    this.writable = writable;
    this.readsUnderIoLock = volume.guard() == Guard.READS_UNDER_IO_LOCK;
    // As Linux's errseq: an error that nobody was told of yet is news to whoever opens now, too.
    this.errorsSeen = new AtomicLong(vnode.errorsTold());
  }

  /** Opens inode {@code ino}; ENOENT, EISDIR, ELOOP, or EROFS for writing on a read-only volume. */
  public static OpenInode open(LiveVolume volume, long ino, boolean readable, boolean writable)
      throws FsException {
    if (writable) {
      volume.requireWritable();
    }
    return new OpenInode(volume, volume.files().acquire(ino, "open"), readable, writable);
  }

  public Vnode vnode() {
    return vnode;
  }

  public long size() throws FsException {
    require(true, "size");
    return mapping.size();
  }

  /**
   * pread(2): at most {@code dst.remaining()} bytes; 0 at or behind the end of file. A cached read
   * takes no lock and allocates nothing.
   */
  public int read(ByteBuffer dst, long position) throws FsException {
    admitRead(dst, position);
    if (readsUnderIoLock) {
      // Pinned outside the lock: whoever ends as the last user waits for it, exclusive.
      files.pin(vnode, "read");
      try {
        vnode.ioLock.lockShared();
        try {
          return readUnlocked(dst, position);
        } finally {
          vnode.ioLock.unlockShared();
        }
      } finally {
        files.unpin(vnode);
      }
    }
    return readUnlocked(dst, position);
  }

  private void admitRead(ByteBuffer dst, long position) throws FsException {
    require(readable, "read");
    if (position < 0 || position + dst.remaining() < 0) {
      throw vnode.refused(Errno.EINVAL, "read", position, dst.remaining(), NO_RANGE);
    }
    if (vnode.atimeStale) {
      touch();
    }
  }

  private int readUnlocked(ByteBuffer dst, long position) throws FsException {
    try {
      return cache.read(mapping, readahead, dst, position);
    } catch (IOException e) {
      throw vnode.failed(e, "read", position, dst.remaining());
    } catch (IllegalStateException e) {
      throw closedUnder(e);
    }
  }

  /**
   * {@link #read} of one moment. Writes of several pages, growing ones and commands are kept out by
   * their own locks; writes of single pages are seen by the pages' versions, and kept out as well
   * if that does not help. Bytes stored through mappings belong to no call.
   */
  public int readWhole(ByteBuffer dst, long position) throws FsException {
    admitRead(dst, position);
    files.pin(vnode, "read");
    try {
      int n = readBesideSinglePages(dst, position);
      if (n >= 0) {
        return n;
      }
      vnode.ioLock.lockExclusive();
      try {
        return readUnlocked(dst, position);
      } finally {
        vnode.ioLock.unlockExclusive();
      }
    } finally {
      files.unpin(vnode);
    }
  }

  /** Bytes read, or -1 if writes of single pages never let it be. */
  private int readBesideSinglePages(ByteBuffer dst, long position) throws FsException {
    int start = dst.position();
    vnode.ioLock.lockShared();
    try {
      int inside = Math.clamp(mapping.size() - position, 0, dst.remaining());
      if (inside == 0) {
        return 0;
      }
      long last = (position + inside - 1) / BLOCK_BYTES;
      long handle = vnode.ranges.lock(position / BLOCK_BYTES, last + 1);
      try {
        for (int tries = 0; tries < WHOLE_READS_MAX; tries++) {
          long[] before = cache.stamps(mapping, position, inside);
          int n = readUnlocked(dst, position);
          if (cache.unchanged(mapping, position, inside, before)) {
            return n;
          }
          dst.position(start);
        }
        return -1;
      } finally {
        vnode.ranges.unlock(handle);
      }
    } finally {
      vnode.ioLock.unlockShared();
    }
  }

  private void touch() {
    vnode.atimeStale = false;
    long now = volume.nowNanos();
    long atime = vnode.atime();
    boolean behind = atime <= vnode.mtime() || atime <= vnode.ctime();
    if ((behind || now - atime > ATIME_AGE_NANOS) && !volume.config().readOnly()) {
      vnode.pendingAtime.set(now);
      volume.dirtied();
    }
  }

  /**
   * pwrite(2). Fewer bytes than asked only when the volume filled up, or at the largest offset.
   *
   * @throws FsException ENOSPC, EFBIG, EROFS, EIO, EINVAL, EBADF; then nothing was written
   */
  public int write(ByteBuffer src, long position) throws FsException {
    require(writable, "write");
    int length = src.remaining();
    if (position < 0 || position + length < 0) {
      throw vnode.refused(Errno.EINVAL, "write", position, length, NO_RANGE);
    }
    if (length == 0) {
      return 0;
    }
    volume.requireWritable();
    if (position >= FILE_BYTES_MAX) {
      throw vnode.refused(Errno.EFBIG, "write", position, length, "largest is " + FILE_BYTES_MAX);
    }
    int allowed = (int) Math.min(length, FILE_BYTES_MAX - position);
    long early = Mutant.R18_SIZE_BEFORE_LOCK.on() ? mapping.size() : -1;
    files.pin(vnode, "write");
    try {
      return writer.write(src, position, allowed, early);
    } finally {
      files.unpin(vnode);
    }
  }

  /**
   * Writes at the end of file, wherever that is when its turn comes. What is left in the buffer
   * afterwards did not fit.
   *
   * @return the offset where the bytes begin
   */
  public long append(ByteBuffer src) throws FsException {
    require(writable, "append");
    volume.requireWritable();
    files.pin(vnode, "append");
    try {
      return writer.append(src);
    } finally {
      files.unpin(vnode);
    }
  }

  /** ftruncate(2): EINVAL if negative or not open for writing, EFBIG. */
  public CompletableFuture<Void> truncate(long size) throws FsException {
    require(true, "truncate");
    if (size < 0) {
      throw vnode.refused(Errno.EINVAL, "truncate", size, FsException.NONE, "negative size");
    }
    if (!writable) {
      throw vnode.refused(Errno.EINVAL, "truncate", size, FsException.NONE, "not open for writing");
    }
    if (size > FILE_BYTES_MAX) {
      throw vnode.refused(
          Errno.EFBIG, "truncate", size, FsException.NONE, "largest is " + FILE_BYTES_MAX);
    }
    return submit(new MappingCommand.Truncate(size));
  }

  public CompletableFuture<Void> punchHole(long offset, long length) throws FsException {
    return submit(checked(new MappingCommand.PunchHole(offset, length), false));
  }

  public CompletableFuture<Void> zeroRange(long offset, long length, boolean keepSize)
      throws FsException {
    return submit(checked(new MappingCommand.ZeroRange(offset, length, keepSize), false));
  }

  public CompletableFuture<Void> allocate(long offset, long length, boolean keepSize)
      throws FsException {
    return submit(checked(new MappingCommand.Allocate(offset, length, keepSize), false));
  }

  public CompletableFuture<Void> collapseRange(long offset, long length) throws FsException {
    return submit(checked(new MappingCommand.Collapse(offset, length), true));
  }

  public CompletableFuture<Void> insertRange(long offset, long length) throws FsException {
    return submit(checked(new MappingCommand.Insert(offset, length), true));
  }

  /** The common entry checks of fallocate(2), Linux 6.12, in their order (SEMANTICS §4.1). */
  private MappingCommand checked(MappingCommand c, boolean aligned) throws FsException {
    long offset = c.offset();
    long length = c.length();
    require(true, c.operation());
    if (offset < 0 || length <= 0) {
      throw vnode.refused(Errno.EINVAL, c.operation(), offset, length, "negative or empty range");
    }
    require(writable, c.operation());
    if (offset > FILE_BYTES_MAX - length) {
      throw vnode.refused(
          Errno.EFBIG, c.operation(), offset, length, "largest is " + FILE_BYTES_MAX);
    }
    if (aligned && (offset % BLOCK_BYTES != 0 || length % BLOCK_BYTES != 0)) {
      throw vnode.refused(
          Errno.EINVAL, c.operation(), offset, length, "not aligned to " + BLOCK_BYTES);
    }
    return c;
  }

  private CompletableFuture<Void> submit(MappingCommand command) throws FsException {
    volume.requireWritable();
    if (Mutant.K1_FLUSH_BEFORE_LOCK.on()) {
      volume.writeback().flush(vnode, 0, Long.MAX_VALUE, true);
    }
    return files.command(vnode, command);
  }

  /** Waits for a command of this file. */
  public static void await(CompletableFuture<Void> command) throws FsException {
    Answers.await(command);
  }

  /** Sends a command of this file and waits for it, perhaps by running it on this thread. */
  public static void call(CallerLane.Call<FsException> command) throws FsException {
    Answers.call(command);
  }

  /** fsync(2); a writeback error since this file's last is reported once (errseq). */
  public void sync(boolean times) throws FsException {
    require(true, "fsync");
    long before = vnode.errorCount();
    if (!volume.config().readOnly()) {
      files.pin(vnode, "fsync");
      try {
        volume.durability().fsync(vnode, times);
      } finally {
        files.unpin(vnode);
      }
    }
    long errors = vnode.errorCount();
    vnode.toldErrors(errors);
    long seen = errorsSeen.getAndSet(errors);
    if ((Mutant.B20_EARLIER_ERROR_HIDDEN.on() ? before : seen) < errors) {
      Throwable cause = vnode.lastError();
      throw new FsException(
          Errno.EIO,
          "fsync",
          vnode.ino(),
          "data written earlier was lost: " + (cause == null ? "" : cause.getMessage()),
          cause == null ? new IOException("writeback failed") : cause);
    }
  }

  /** lseek(2) SEEK_DATA: ENXIO if negative, at or behind the end, or if only holes follow. */
  public long seekData(long offset) throws FsException {
    return seek(offset, true);
  }

  /** lseek(2) SEEK_HOLE: there is always one at the end of file. */
  public long seekHole(long offset) throws FsException {
    return seek(offset, false);
  }

  private long seek(long offset, boolean data) throws FsException {
    String operation = data ? "seek-data" : "seek-hole";
    require(true, operation);
    files.pin(vnode, operation);
    try {
      return new DataRanges(cache, vnode).seek(operation, offset, data);
    } finally {
      files.unpin(vnode);
    }
  }

  /**
   * FIEMAP: what is mapped, in order; dirty pages over holes as extents without a place (DELALLOC).
   */
  public List<Extent> extents() throws FsException {
    require(true, "extents");
    return new DataRanges(cache, vnode).extents();
  }

  /** posix_fadvise(2); EINVAL if negative. A length of 0 reaches to the end of file. */
  public void advise(long offset, long length, Advice advice) throws FsException {
    require(true, "advise");
    if (offset < 0 || length < 0) {
      throw vnode.refused(Errno.EINVAL, "advise", offset, length, "negative range");
    }
    long end = length == 0 || offset + length < 0 ? Long.MAX_VALUE : offset + length;
    files.pin(vnode, "advise");
    try {
      switch (advice) {
        case WILL_NEED ->
            cache.prefetch(mapping, offset / BLOCK_BYTES, Math.ceilDiv(end, (long) BLOCK_BYTES));
        case DONT_NEED -> drop(offset, end);
        case NORMAL -> readahead.set(Readahead.Pattern.NORMAL);
        case SEQUENTIAL -> readahead.set(Readahead.Pattern.SEQUENTIAL);
        case RANDOM -> readahead.set(Readahead.Pattern.RANDOM);
      }
    } catch (IOException e) {
      throw vnode.failed(e, "advise", offset, length);
    } finally {
      files.unpin(vnode);
    }
  }

  private void drop(long offset, long end) {
    long from = MappingOperations.blocksFor(offset);
    long to = end >= mapping.size() ? Long.MAX_VALUE : end / BLOCK_BYTES;
    if (!volume.config().readOnly()) {
      volume.writeback().flush(vnode, from, to, false);
    }
    cache.dropClean(mapping, from, to);
  }

  /**
   * Loads through a mapping: fills {@code dst} from {@code position}. Inside the last page, bytes
   * behind the end of file are zeros.
   *
   * @throws FsException ENXIO where Linux sends SIGBUS because the page lies behind the end; EIO
   *     where it does because the device failed
   */
  public void load(ByteBuffer dst, long offset) throws FsException {
    long position = offset;
    require(readable, "load");
    while (dst.hasRemaining()) {
      int inPage = (int) (BLOCK_BYTES - position % BLOCK_BYTES);
      int want = Math.min(inPage, dst.remaining());
      loadInPage(dst, position, want);
      position += want;
    }
  }

  private void loadInPage(ByteBuffer dst, long position, int want) throws FsException {
    int limit = dst.limit();
    try {
      int done;
      long before;
      long after;
      do {
        before = mapping.size();
        dst.limit(dst.position() + want);
        done = cache.read(mapping, readahead, dst, position);
        after = mapping.size();
        // Nothing was read, so where the end lay at that moment is known only if it did not move.
      } while (done == 0 && before != after);
      boolean pageInside = done > 0 || position - position % BLOCK_BYTES < after;
      if (!pageInside) {
        throw vnode.refused(Errno.ENXIO, "load", position, want, "behind the end of file " + after);
      }
      while (dst.hasRemaining()) {
        dst.put((byte) 0);
      }
    } catch (IOException e) {
      throw vnode.failed(e, "load", position, want);
    } finally {
      dst.limit(limit);
    }
  }

  /**
   * Stores through a mapping. A store to a clean page first makes it writable (page_mkwrite).
   *
   * @throws FsException ENXIO past the end of file, ENOSPC if the page cannot be backed, EIO; pages
   *     before the one that failed were stored
   */
  public void store(ByteBuffer src, long position) throws FsException {
    require(writable, "store");
    volume.requireWritable();
    files.pin(vnode, "store");
    try {
      writer.store(src, position);
    } finally {
      files.unpin(vnode);
    }
  }

  private void require(boolean allowed, String operation) throws FsException {
    volume.requireOpen();
    if (closed.get() || !allowed) {
      throw new FsException(
          Errno.EBADF,
          operation,
          vnode.ino(),
          FsException.NONE,
          FsException.NONE,
          closed.get() ? "the file is closed" : "not open for this");
    }
  }

  /** The frames go when the volume closes; a copy that comes too late meets a closed arena. */
  private FsException closedUnder(IllegalStateException e) throws FsException {
    volume.requireOpen();
    throw e;
  }

  public boolean isOpen() {
    return !closed.get();
  }

  /** Never syncs (rule R24). */
  @Override
  public void close() throws FsException {
    if (closed.compareAndSet(false, true)) {
      if (Mutant.B21_CLOSE_SYNCS.on()) {
        volume.durability().fsync(vnode, true);
      }
      files.release(vnode);
    }
  }
}
