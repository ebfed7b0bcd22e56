package io.faultline;

import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.Attributes;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.namespace.AttributeChange;
import io.faultline.engine.namespace.Entry;
import io.faultline.engine.namespace.Namespace;
import io.faultline.engine.pagecache.CacheCounters;
import io.faultline.engine.volume.Fsck;
import io.faultline.engine.volume.LiveVolume;
import io.faultline.engine.volume.OpenInode;
import io.faultline.engine.volume.Vnode;
import io.faultline.persistence.checkpoint.Checkpointer;
import io.faultline.persistence.journal.VolumeLog;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.OpenOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A volume in a directory of this machine. */
final class JournaledVolume implements Volume {
  /** How the engine names taking a file into use. */
  private static final String TAKING = "open";

  private final LiveVolume live;
  private final Namespace names;
  private final Closeable files;
  private final @Nullable VolumeLog log;
  private final @Nullable Checkpointer checkpointer;
  private final VolumeOptions options;
  private final VolumeIdentity identity;
  private final Executor stages =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("faultline-async-", 0).factory());
  private final AtomicBoolean closed = new AtomicBoolean();

  JournaledVolume(
      LiveVolume live,
      Closeable files,
      @Nullable VolumeLog log,
      @Nullable Checkpointer checkpointer,
      VolumeOptions options,
      VolumeIdentity identity) {
    this.live = live;
    this.names = live.names();
    this.files = files;
    this.log = log;
    this.checkpointer = checkpointer;
    this.options = options;
    this.identity = identity;
  }

  private interface Operation<T> {
    T run() throws IOException;
  }

  private interface Action {
    void run() throws IOException;
  }

  private <T> T call(String name, Operation<T> operation) throws ErrnoException {
    if (closed.get()) {
      throw new ErrnoException(Errno.EBADF, name, "the volume is closed");
    }
    try {
      return operation.run();
    } catch (IOException e) {
      throw Errors.translate(name, e);
    }
  }

  private void run(String name, Action action) throws ErrnoException {
    call(
        name,
        () -> {
          action.run();
          return Boolean.TRUE;
        });
  }

  @Override
  public OpenFile open(String path, OpenOption... openOptions) throws IOException {
    OpenMode mode = OpenMode.of(path, openOptions);
    return call("open", () -> open(path, mode));
  }

  private OpenFile open(String path, OpenMode mode) throws IOException {
    for (; ; ) {
      try {
        return openOnce(path, mode);
      } catch (FsException e) {
        // Found and unlinked before it was taken into use: then this open makes it anew.
        boolean raced =
            e.errno() == io.faultline.engine.errno.Errno.ENOENT
                && e.operation().equals(TAKING)
                && mode.create();
        if (!raced) {
          throw e;
        }
      }
    }
  }

  private OpenFile openOnce(String path, OpenMode mode) throws IOException {
    boolean made = false;
    long ino;
    if (mode.create() || mode.createNew()) {
      Namespace.Opened opened = names.create(path, OpenMode.CREATED_MODE, mode.createNew());
      ino = opened.ino();
      made = opened.created();
    } else {
      ino = names.resolve(path, !mode.noFollow());
    }
    if (live.table().get(ino) instanceof Inode.Directory && !mode.write()) {
      return new OpenDirectory(this, live, ino);
    }
    OpenInode inode = OpenInode.open(live, ino, mode.read(), mode.write());
    try {
      if (mode.truncate() && !made) {
        OpenInode.await(inode.truncate(0));
      }
      return new JournaledFile(this, inode, mode, stages);
    } catch (IOException | RuntimeException e) {
      inode.close();
      throw e;
    }
  }

  @Override
  public void create(String path, int mode) throws IOException {
    run("create", () -> names.create(path, mode, true));
  }

  @Override
  public void mkdir(String path, int mode) throws IOException {
    run("mkdir", () -> names.mkdir(path, mode));
  }

  @Override
  public void unlink(String path) throws IOException {
    run("unlink", () -> names.unlink(path));
  }

  @Override
  public void rmdir(String path) throws IOException {
    run("rmdir", () -> names.rmdir(path));
  }

  @Override
  public void rename(String from, String to) throws IOException {
    run("rename", () -> names.rename(from, to));
  }

  @Override
  public void link(String existing, String newPath) throws IOException {
    run("link", () -> names.link(existing, newPath));
  }

  @Override
  public void symlink(String target, String path) throws IOException {
    run("symlink", () -> names.symlink(target, path));
  }

  @Override
  public String readlink(String path) throws IOException {
    return call("readlink", () -> names.readlink(path));
  }

  @Override
  public FileStatus stat(String path) throws IOException {
    return call("stat", () -> status(names.stat(path, true)));
  }

  @Override
  public FileStatus lstat(String path) throws IOException {
    return call("lstat", () -> status(names.stat(path, false)));
  }

  FileStatus status(long ino, String operation) throws FsException {
    Inode inode = live.table().get(ino);
    if (inode == null) {
      throw new FsException(
          io.faultline.engine.errno.Errno.ENOENT,
          operation,
          ino,
          FsException.NONE,
          FsException.NONE,
          "");
    }
    return status(inode);
  }

  private FileStatus status(Inode inode) {
    LiveVolume.Live now = live.liveFacts(inode);
    Attributes at = inode.attributes();
    return new FileStatus(
        inode.ino(),
        kind(inode.kind()),
        at.mode(),
        at.uid(),
        at.gid(),
        at.nlink(),
        size(inode, now),
        now.blocks(),
        now.atimeNanos(),
        now.mtimeNanos(),
        now.ctimeNanos(),
        at.btimeNanos());
  }

  private static long size(Inode inode, LiveVolume.Live now) {
    return switch (inode) {
      case Inode.RegularFile f -> now.sizeBytes();
      case Inode.Directory d -> d.entries().size();
      case Inode.Symlink s -> s.target().getBytes(StandardCharsets.UTF_8).length;
    };
  }

  @Override
  public List<DirectoryEntry> list(String path) throws IOException {
    return call("list", () -> names.list(path).stream().map(JournaledVolume::entry).toList());
  }

  private static DirectoryEntry entry(Entry e) {
    return new DirectoryEntry(e.name(), e.ino(), kind(e.kind()));
  }

  private static FileKind kind(io.faultline.engine.inode.FileKind kind) {
    return switch (kind) {
      case REGULAR -> FileKind.REGULAR;
      case DIRECTORY -> FileKind.DIRECTORY;
      case SYMLINK -> FileKind.SYMLINK;
    };
  }

  @Override
  public void setMode(String path, int mode) throws IOException {
    run("chmod", () -> live.setAttributes(path, true, AttributeChange.NONE.withMode(mode)));
  }

  @Override
  public void setOwner(String path, int uid, int gid) throws IOException {
    run("chown", () -> live.setAttributes(path, true, owner(uid, gid)));
  }

  @Override
  public void setLinkOwner(String path, int uid, int gid) throws IOException {
    run("lchown", () -> live.setAttributes(path, false, owner(uid, gid)));
  }

  /** As chown(2), -1 leaves one as it is. */
  private static AttributeChange owner(int uid, int gid) {
    return new AttributeChange(null, uid == -1 ? null : uid, gid == -1 ? null : gid, null, null);
  }

  @Override
  public void setTimes(String path, long atimeNanos, long mtimeNanos) throws IOException {
    run("utimes", () -> live.setAttributes(path, true, times(atimeNanos, mtimeNanos)));
  }

  @Override
  public void setLinkTimes(String path, long atimeNanos, long mtimeNanos) throws IOException {
    run("utimes", () -> live.setAttributes(path, false, times(atimeNanos, mtimeNanos)));
  }

  private AttributeChange times(long atimeNanos, long mtimeNanos) {
    return new AttributeChange(null, null, null, time(atimeNanos), time(mtimeNanos));
  }

  private @Nullable Long time(long nanos) {
    if (nanos == TIME_OMIT) {
      return null;
    }
    return nanos == TIME_NOW ? live.nowNanos() : nanos;
  }

  @Override
  public void sync() throws IOException {
    run("sync", live::sync);
  }

  @Override
  public VolumeStatus status() throws IOException {
    return call(
        "status",
        () -> {
          long free = live.freeBlocks();
          long available = live.availableBlocks();
          long frames = live.cache().frames();
          return new VolumeStatus(
              identity.id().toString(),
              options.layout(),
              options.guard(),
              live.readOnly(),
              identity.epoch(),
              live.journal().durableLsn(),
              live.config().blocks(),
              free,
              free - available,
              live.pendingBlocks(),
              live.table().size(),
              frames,
              frames - live.cache().freeFrames(),
              live.cache().dirtyTotal());
        });
  }

  @Override
  public FsckReport fsck() throws IOException {
    return call(
        "fsck",
        () -> {
          if (!options.readOnly()) {
            live.sync();
          }
          // No transaction is named: a scan of the journal would not end while others append.
          return VolumeCheck.report(Fsck.check(live), live.journal().durableLsn());
        });
  }

  @Override
  public void dropCaches() throws IOException {
    run("drop-caches", live::dropCaches);
  }

  @Override
  public Map<String, Long> metrics() {
    CacheCounters cache = live.cacheCounters();
    Map<String, Long> metrics = new TreeMap<>();
    metrics.put("readMisses", cache.readMisses.sum());
    metrics.put("pagesFilled", cache.pagesFilled.sum());
    metrics.put("pagesWritten", cache.pagesWritten.sum());
    metrics.put("pagesDropped", cache.pagesDropped.sum());
    metrics.put("evictions", cache.evictions.sum());
    metrics.put("mappingChanges", live.mappingChanges());
    metrics.put(
        "fillsMetDestroyer",
        live.mappingLockCounters().sharedWaitedForExclusive.sum()
            + live.mappingLockCounters().exclusiveWaitedForShared.sum()
            + cache.evictedUnderFill.sum());
    metrics.put("mappingLockShared", live.mappingLockCounters().sharedAcquired.sum());
    metrics.put("mappingLockExclusive", live.mappingLockCounters().exclusiveAcquired.sum());
    metrics.put("ioLockShared", live.ioLockCounters().sharedAcquired.sum());
    metrics.put("imageFlushes", live.image().flushes.sum());
    metrics.put("transactions", live.journal().durableLsn());
    if (checkpointer != null) {
      metrics.put("checkpoints", checkpointer.written());
      metrics.put("segmentsDropped", checkpointer.droppedSegments());
    }
    metrics.put("filesInUse", (long) live.filesInUse().size());
    return metrics;
  }

  /** The file in use under a number; for tests of this package. */
  @Nullable Vnode vnode(long ino) {
    return live.filesInUse().stream().filter(v -> v.ino() == ino).findFirst().orElse(null);
  }

  LiveVolume live() {
    return live;
  }

  @Override
  public AsyncVolume async() {
    return new StagedVolume(this, new Stages(stages));
  }

  @Override
  public boolean isOpen() {
    return !closed.get();
  }

  @Override
  public void close() throws IOException {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    IOException problem = null;
    // Closed in the reverse order: a checkpoint under way reads the journal's files.
    try (files;
        log;
        checkpointer) {
      live.close();
    } catch (IOException e) {
      problem = Errors.translate("close", e);
    }
    if (problem != null) {
      throw problem;
    }
  }
}
