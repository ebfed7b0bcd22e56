package io.faultline.engine.volume;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.extent.AllocationWindow;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.extent.ExtentMap;
import io.faultline.engine.inode.Attributes;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.lock.CacheGuard;
import io.faultline.engine.lock.Guard;
import io.faultline.engine.lock.IoLock;
import io.faultline.engine.lock.LockCounters;
import io.faultline.engine.lock.WriteRangeLock;
import io.faultline.engine.namespace.StateLocks;
import io.faultline.engine.pagecache.Backing;
import io.faultline.engine.pagecache.Mapping;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.writeback.WritebackFile;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A regular file in use: its published inode, its locks, its pages, and what is volatile beside the
 * evented state (rule R3).
 *
 * <table>
 * <caption>Fields and what guards them</caption>
 * <tr><th>field</th><th>read</th><th>written</th></tr>
 * <tr><td>inode, lastLsn, movedLsn</td><td>volatile</td><td>inode-state lock (rule R7)</td></tr>
 * <tr><td>mapping's size</td><td>volatile</td><td>{@link #ioLock} exclusive</td></tr>
 * <tr><td>pendingMtime, pendingAtime</td><td>volatile</td><td>writers and readers set, the
 *     publisher clears under the inode-state lock</td></tr>
 * <tr><td>tailSuspect</td><td colspan=2>{@link #ioLock} exclusive</td></tr>
 * </table>
 */
public final class Vnode implements Backing, WritebackFile {
  /** How far an mtime may lie behind its write; in Linux before 6.13 it is a jiffy. */
  private static final long TICK_NANOS = 1_000_000;

  private final LiveVolume volume;
  private final long ino;
  final Mapping mapping;
  final IoLock ioLock;
  final WriteRangeLock ranges;
  final AtomicInteger users = new AtomicInteger();
  final AllocationWindow window = new AllocationWindow();

  /** Commands on their way to this file's actor: they keep it in use when its users are gone. */
  final AtomicInteger commands = new AtomicInteger();

  /** Writes that hold the I/O lock; counted with checks on, for invariant I8. */
  final AtomicInteger writing = new AtomicInteger();

  volatile Inode.RegularFile inode;

  /** The newest transaction that names this inode (rule R2). */
  volatile long lastLsn;

  /** The newest transaction that moved extents of this file (rule R9). */
  volatile long movedLsn;

  /** Times that no event carries yet; 0 for none. */
  final AtomicLong pendingMtime = new AtomicLong();

  final AtomicLong pendingAtime = new AtomicLong();

  /** Whether the next read moves atime (relatime). */
  volatile boolean atimeStale;

  /**
   * The block at the end of file may hold bytes behind it: a crash came between a write and the
   * event that would have raised the size over it. To be zeroed before the size grows.
   */
  boolean tailSuspect;

  /** Writeback errors so far, as Linux's errseq: every open file reports each of them once. */
  private final AtomicLong errors = new AtomicLong();

  private final AtomicLong told = new AtomicLong();
  private volatile @Nullable Throwable lastError;

  Vnode(
      LiveVolume volume,
      Inode.RegularFile inode,
      long lastLsn,
      boolean tailSuspect,
      LockCounters ioCounters,
      LockCounters mappingCounters) {
    this.volume = volume;
    this.ino = inode.ino();
    this.inode = inode;
    this.lastLsn = lastLsn;
    this.tailSuspect = tailSuspect;
    this.mapping =
        new Mapping(inode.durableSize(), this, CacheGuard.of(volume.guard(), ino, mappingCounters));
    this.ioLock = new IoLock(ino, ioCounters);
    this.ranges = new WriteRangeLock(ino);
    this.atimeStale = true;
  }

  public long ino() {
    return ino;
  }

  @Override
  public Mapping mapping() {
    return mapping;
  }

  public IoLock ioLock() {
    return ioLock;
  }

  @Override
  public Inode.RegularFile inode() {
    return inode;
  }

  @Override
  public Extent lookup(long block) {
    return inode.extents().lookup(block);
  }

  @Override
  public boolean reserve() {
    return volume.space().tryTake(1);
  }

  @Override
  public void unreserve() {
    volume.space().give(1);
  }

  @Override
  public void forceMoves() throws FsException {
    if (movedLsn > volume.journal().durableLsn()) {
      volume.journal().awaitDurable(movedLsn);
    }
  }

  @Override
  public boolean reserveLate() {
    return volume.guard() == Guard.NONE && reserve();
  }

  @Override
  public void publish(Decision decision) throws FsException {
    try (StateLocks _ = volume.publisher().lockStates(ino)) {
      if (!(volume.table().get(ino) instanceof Inode.RegularFile)) {
        throw new FsException(
            Errno.ENOENT, "writeback", ino, FsException.NONE, FsException.NONE, "the file is gone");
      }
      Event event = decision.decide();
      if (event != null) {
        volume.publisher().publish(List.of(event));
      }
    }
  }

  /**
   * An event about this inode is in the journal; the caller holds the inode-state lock.
   *
   * @param now the inode after it, null if it is gone
   */
  void published(Event event, @Nullable Inode now, long lsn) {
    lastLsn = Math.max(lastLsn, lsn);
    if (event instanceof Event.RangeCollapsed || event instanceof Event.RangeInserted) {
      movedLsn = lsn;
    }
    Inode.RegularFile before = inode;
    if (now instanceof Inode.RegularFile file) {
      if (!(event instanceof Event.RangePunched && Mutant.B10_OLD_MAPPING_AFTER_PUNCH.on())) {
        inode = file;
      }
      clearTimes(before.attributes(), file.attributes(), event);
    } else {
      inode = new Inode.RegularFile(before.attributes(), 0, ExtentMap.EMPTY);
    }
  }

  /** Times that the event carried are no longer pending. */
  private void clearTimes(Attributes before, Attributes now, Event event) {
    boolean attributes = event instanceof Event.AttributesChanged;
    boolean mtimeSet = attributes && before.mtimeNanos() != now.mtimeNanos();
    long mtime = pendingMtime.get();
    if (mtime != 0 && (mtimeSet || mtime <= now.mtimeNanos())) {
      pendingMtime.compareAndSet(mtime, 0);
    }
    boolean atimeSet = attributes && before.atimeNanos() != now.atimeNanos();
    long atime = pendingAtime.get();
    if (atime != 0 && attributes && (atimeSet || atime <= now.atimeNanos())) {
      pendingAtime.compareAndSet(atime, 0);
    }
  }

  /** Whether nobody uses the file and the evented state says all that is known of it. */
  boolean isIdle(long durableLsn) {
    return users.get() == 0
        && commands.get() == 0
        && pendingMtime.get() == 0
        && pendingAtime.get() == 0
        && movedLsn <= durableLsn
        && !hasUnseenError()
        && mapping.dirtyPages() == 0
        && mapping.isEmpty();
  }

  /** A call on this file that is refused. */
  FsException refused(Errno errno, String operation, long offset, long length, String detail) {
    return new FsException(errno, operation, ino, offset, length, detail);
  }

  /** A call on this file that failed with {@code e}: EIO, if that does not name an errno itself. */
  FsException failed(IOException e, String operation, long offset, long length) {
    if (e instanceof FsException known) {
      return known;
    }
    FsException error =
        refused(Errno.EIO, operation, offset, length, String.valueOf(e.getMessage()));
    error.initCause(e);
    return error;
  }

  /** One more user, unless there is none: then the file may be on its way out. */
  boolean tryUse() {
    for (; ; ) {
      int known = users.get();
      if (known == 0) {
        return false;
      }
      if (users.compareAndSet(known, known + 1)) {
        return true;
      }
    }
  }

  @Override
  public void pin(String operation) throws FsException {
    volume.files().pin(this, operation);
  }

  @Override
  public void unpin() throws FsException {
    volume.files().unpin(this);
  }

  /**
   * A write at {@code now}. One that follows another within a tick leaves the time as it is, so
   * that writers and readers of one file do not pass the word around.
   */
  void modified(long now) {
    long pending = pendingMtime.get();
    if (pending == 0 || now - pending >= TICK_NANOS || now < pending) {
      pendingMtime.set(now);
      atimeStale = true;
    }
  }

  @Override
  public @Nullable AllocationWindow window() {
    return users.get() == 0 || Mutant.ALLOCATION_WITHOUT_WINDOW.on() ? null : window;
  }

  @Override
  public long mtime() {
    long pending = pendingMtime.get();
    return pending != 0 ? pending : inode.attributes().mtimeNanos();
  }

  @Override
  public long ctime() {
    return Math.max(pendingMtime.get(), inode.attributes().ctimeNanos());
  }

  long atime() {
    long pending = pendingAtime.get();
    return pending != 0 ? pending : inode.attributes().atimeNanos();
  }

  @Override
  public void writebackFailed(Throwable cause) {
    lastError = cause;
    errors.incrementAndGet();
  }

  /** Errors up to here have been told to somebody: who opens now need not hear of them. */
  long errorsTold() {
    return told.get();
  }

  void toldErrors(long count) {
    told.accumulateAndGet(count, Math::max);
  }

  boolean hasUnseenError() {
    return told.get() < errors.get();
  }

  long errorCount() {
    return errors.get();
  }

  @Nullable Throwable lastError() {
    return lastError;
  }
}
