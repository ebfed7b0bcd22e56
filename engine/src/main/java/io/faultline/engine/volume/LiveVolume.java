package io.faultline.engine.volume;

import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.device.Io;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.extent.BlockAllocator;
import io.faultline.engine.extent.BlockLedger;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.extent.SpaceCounter;
import io.faultline.engine.inode.Attributes;
import io.faultline.engine.inode.Decide;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.FileKind;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.Journal;
import io.faultline.engine.journal.TransactionLog;
import io.faultline.engine.lock.Guard;
import io.faultline.engine.lock.LockCounters;
import io.faultline.engine.namespace.AttributeChange;
import io.faultline.engine.namespace.Namespace;
import io.faultline.engine.namespace.NamespaceVolume;
import io.faultline.engine.namespace.StateLocks;
import io.faultline.engine.pagecache.CacheCounters;
import io.faultline.engine.pagecache.PageCache;
import io.faultline.engine.runtime.Barrier;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.writeback.ImageWriter;
import io.faultline.engine.writeback.Writeback;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A volume in use: its parts from opening to closing, and whether it takes calls and changes. What
 * the parts are for they say themselves: {@link Publisher} changes the evented state, {@link
 * FilesInUse} has the files, {@link Durability} syncs, {@link DurableFrees} gives blocks back,
 * {@link Namespace} is the tree.
 *
 * <p>Thread-safe. After {@link #close} every call fails with EBADF.
 */
public final class LiveVolume implements NamespaceVolume, AutoCloseable {
  /** Bytes of a block and of a page (rule R22). */
  public static final int BLOCK_BYTES = 4_096;

  /** ext4's largest file with extents: 2^32 − 1 blocks. */
  public static final long FILE_BYTES_MAX = ((1L << 32) - 1) * BLOCK_BYTES;

  /**
   * How a volume runs.
   *
   * @param blocks of the image
   * @param cacheFrames pages of the cache
   * @param commitIntervalNanos what a power cut can cost at most (rule R24)
   * @param readOnly whether every change is refused with EROFS
   */
  public record Config(
      long blocks,
      int cacheFrames,
      Guard guard,
      BlockAllocator.Policy allocation,
      long commitIntervalNanos,
      boolean readOnly) {}

  private final EngineRuntime runtime;
  private final Config config;
  private final InodeTable table;
  private final FlushingDevice image;
  private final BlockLedger ledger;
  private final BlockAllocator allocator;
  private final SpaceCounter space;
  private final DurableFrees frees;
  private final PageCache cache;
  private final Writeback writeback;
  private final Journal journal;
  private final Flusher flusher;
  private final FilesInUse files;
  private final Publisher publisher;
  private final Durability durability;
  private final SuspectTail suspectTails;
  private final Namespace names;
  private final CommandRouter router;
  private final CacheCounters cacheCounters = new CacheCounters();

  /** Commands that may have taken pages out of the cache and have not published yet. */
  final Unpublished unpublished = new Unpublished();

  private volatile @Nullable Throwable failure;
  private volatile boolean closed;

  /**
   * Opens a volume on its recovered state: derives free space from all mappings (rule R23) and
   * finishes orphans.
   *
   * @param table the recovered state; belongs to the volume from now on
   * @param lastLsn the newest transaction in {@code log}
   * @param routing makes the router once the bodies of commands exist
   * @throws FsException EUCLEAN if the state claims blocks twice or outside the image
   */
  public LiveVolume(
      EngineRuntime runtime,
      BlockDevice device,
      InodeTable table,
      TransactionLog log,
      long epoch,
      long lastLsn,
      Config config,
      Function<MappingOperations, CommandRouter> routing)
      throws FsException {
    this.runtime = runtime;
    this.config = config;
    this.table = table;
    this.image = new FlushingDevice(device);
    this.ledger =
        PageCache.checkedUnder(config.guard())
            ? BlockLedger.of(config.blocks())
            : BlockLedger.off();
    this.allocator = new BlockAllocator(config.blocks(), config.allocation(), ledger);
    List<Inode> orphans = claimMapped();
    this.space = new SpaceCounter(allocator.freeBlocks());
    BlockCensus census = new BlockCensus(allocator, table, ledger);
    this.frees = new DurableFrees(this, allocator, space, ledger, census);
    this.flusher =
        new Flusher(runtime, config.commitIntervalNanos(), new BackgroundWriteback(this));
    this.cache =
        new PageCache(
            config.cacheFrames(), image, config.guard(), cacheCounters, ledger, flusher::press);
    this.writeback = new Writeback(cache.dirty(), imageWriter(), allocator, ledger, BLOCK_BYTES);
    this.suspectTails = new SuspectTail(cache, writeback);
    this.journal =
        new Journal(
            runtime,
            new LedgerLog(log, ledger, image),
            epoch,
            lastLsn,
            image::flushWritten,
            frees,
            new Journal.Options(
                config.commitIntervalNanos(), Journal.Options.defaults().txBytesMax()));
    this.files = new FilesInUse(this, table);
    this.publisher = new Publisher(table, journal, files, frees, ledger, census, image, flusher);
    this.durability = new Durability(this, files, publisher, writeback, journal, image);
    this.names = new Namespace(this);
    this.router =
        routing.apply(new MappingOperations(this, publisher, cache, writeback, allocator, space));
    flusher.start();
    if (!config.readOnly()) {
      try {
        finishOrphans(orphans);
      } catch (FsException | RuntimeException e) {
        abandon(e);
        throw e;
      }
    }
  }

  /** Stops the threads of a volume that could not be opened; the device stays the caller's. */
  private void abandon(Exception cause) {
    closed = true;
    router.close();
    FsException problem = closing(null, flusher::close);
    problem = closing(problem, journal::close);
    if (problem != null) {
      cause.addSuppressed(problem);
    }
    cache.close();
  }

  /** Takes the blocks of all files; gives the inodes that have no name. */
  private List<Inode> claimMapped() throws FsException {
    List<Inode> orphans = new ArrayList<>();
    List<FsException> refused = new ArrayList<>();
    table.forEach(
        (kind, nlink) -> kind == FileKind.REGULAR || nlink == 0,
        inode -> {
          if (inode.attributes().nlink() == 0) {
            orphans.add(inode);
          }
          if (inode instanceof Inode.RegularFile file && refused.isEmpty()) {
            claim(file).ifPresent(refused::add);
          }
        });
    if (!refused.isEmpty()) {
      throw refused.getFirst();
    }
    return orphans;
  }

  private Optional<FsException> claim(Inode.RegularFile file) {
    for (Extent extent : file.extents()) {
      try {
        allocator.markUsed(extent.run());
      } catch (IllegalArgumentException | IllegalStateException e) {
        return Optional.of(
            new FsException(
                Errno.EUCLEAN,
                "open",
                file.ino(),
                extent.fileBlock() * BLOCK_BYTES,
                extent.length() * BLOCK_BYTES,
                e.getMessage() + "; " + extent));
      }
    }
    return Optional.empty();
  }

  /** What a crash left without a name ends here (SEMANTICS §3.7, orphan list). */
  private void finishOrphans(List<Inode> orphans) throws FsException {
    for (Inode inode : orphans) {
      try (StateLocks _ = lockStates(inode.ino())) {
        publish(List.of(Decide.free(inode)));
      }
    }
  }

  private ImageWriter imageWriter() {
    return new ImageWriter() {
      @Override
      public void submit(List<Io> writes) {
        image.submitAll(writes);
      }

      @Override
      public void await(Io write) throws IOException {
        image.await(write);
      }
    };
  }

  // What the parts of the volume need of each other.

  @Override
  public InodeTable table() {
    return table;
  }

  public Namespace names() {
    return names;
  }

  public Journal journal() {
    return journal;
  }

  public Guard guard() {
    return config.guard();
  }

  public PageCache cache() {
    return cache;
  }

  public FlushingDevice image() {
    return image;
  }

  public EngineRuntime runtime() {
    return runtime;
  }

  public Config config() {
    return config;
  }

  FilesInUse files() {
    return files;
  }

  Publisher publisher() {
    return publisher;
  }

  Durability durability() {
    return durability;
  }

  CommandRouter router() {
    return router;
  }

  BlockLedger ledger() {
    return ledger;
  }

  BlockAllocator allocator() {
    return allocator;
  }

  SpaceCounter space() {
    return space;
  }

  DurableFrees frees() {
    return frees;
  }

  SuspectTail suspectTails() {
    return suspectTails;
  }

  Writeback writeback() {
    return writeback;
  }

  @Override
  public StateLocks lockStates(long... inos) {
    return publisher.lockStates(inos);
  }

  @Override
  public long publish(List<Event> batch) throws FsException {
    return publisher.publish(batch);
  }

  @Override
  public boolean unused(long ino) {
    return files.unused(ino);
  }

  @Override
  public void lastNameRemoved(long ino) {
    files.lastNameRemoved(ino);
  }

  @Override
  public long nowNanos() {
    return runtime.wallNanos();
  }

  @Override
  public void requireWritable() throws FsException {
    requireOpen();
    if (config.readOnly()) {
      throw new FsException(Errno.EROFS, "write", "the volume was opened read-only");
    }
    Throwable cause = failure;
    if (cause != null) {
      throw new FsException(
          Errno.EROFS,
          "write",
          FsException.NONE,
          "the volume turned read-only: " + cause.getMessage(),
          cause);
    }
  }

  void requireOpen() throws FsException {
    if (closed) {
      throw new FsException(Errno.EBADF, "access", "the volume is closed");
    }
  }

  /** Whether operations that begin now find the volume closed. */
  boolean closed() {
    return closed;
  }

  /** Whether it was opened so, or made so by an error. */
  public boolean readOnly() {
    return config.readOnly() || failure != null;
  }

  /** The volume is read-only from now on. */
  void fail(Throwable cause) {
    failure = cause;
    // What they wait for may not come any more.
    cache.stopThrottling();
  }

  /** Something became dirty: it will be written back within the commit interval. */
  void dirtied() {
    flusher.arm();
  }

  /** Returns when the background is done with what its timers and others told it to do. */
  public void awaitBackground() {
    flusher.awaitIdle();
  }

  /** sync(2) of the volume: everything done before the call is durable after it. */
  public void sync() throws FsException {
    requireOpen();
    if (!config.readOnly()) {
      durability.syncAll();
    }
  }

  /** Changes mode, owner or times of what {@code path} leads to. */
  public void setAttributes(String path, boolean followLast, AttributeChange change)
      throws FsException {
    Vnode vnode = files.get(names.resolve(path, followLast));
    if (vnode != null) {
      durability.settleTimes(vnode);
    }
    names.setAttributes(path, followLast, change);
  }

  /**
   * What is volatile beside the evented state of an inode.
   *
   * @param sizeBytes isize of a file; 0 for other kinds
   * @param blocks mapped, and reserved by dirty pages
   */
  public record Live(
      long sizeBytes, long blocks, long atimeNanos, long mtimeNanos, long ctimeNanos) {}

  /** Size, blocks and times as stat(2) shows them now. */
  public Live liveFacts(Inode inode) {
    Attributes at = inode.attributes();
    Vnode vnode = files.get(inode.ino());
    if (vnode != null) {
      return new Live(
          vnode.mapping.size(),
          vnode.inode.extents().blocks() + vnode.mapping.reservedPages(),
          vnode.atime(),
          vnode.mtime(),
          vnode.ctime());
    }
    boolean file = inode instanceof Inode.RegularFile;
    return new Live(
        inode instanceof Inode.RegularFile f ? f.durableSize() : 0,
        file ? ((Inode.RegularFile) inode).extents().blocks() : 0,
        at.atimeNanos(),
        at.mtimeNanos(),
        at.ctimeNanos());
  }

  // Figures.

  public CacheCounters cacheCounters() {
    return cacheCounters;
  }

  public LockCounters mappingLockCounters() {
    return files.mappingCounters;
  }

  public LockCounters ioLockCounters() {
    return files.ioCounters;
  }

  /** Events that took away or moved a mapped block. */
  public long mappingChanges() {
    return publisher.mappingChanges();
  }

  /** Blocks that may still be promised. */
  public long availableBlocks() {
    return space.available();
  }

  /** Blocks nobody owns, promised or not. */
  public long freeBlocks() {
    return allocator.freeBlocks();
  }

  /** Blocks freed by transactions that are not durable. */
  public long pendingBlocks() {
    return frees.pendingBlocks();
  }

  /** Files in use or cached. */
  public List<Vnode> filesInUse() {
    return new ArrayList<>(files.all());
  }

  /** Writes everything back and drops clean pages. */
  public void dropCaches() throws FsException {
    sync();
    cache.dropClean();
  }

  /**
   * Refuses what comes from now on, lets what is under way end, syncs and closes. What failed is
   * thrown after everything has been closed.
   */
  @Override
  public void close() throws FsException {
    if (closed) {
      return;
    }
    closed = true;
    files.awaitNoOperation();
    router.close();
    FsException problem = null;
    if (!Barrier.CLOSE_SYNC.omitted() && failure == null && !config.readOnly()) {
      problem = closing(problem, durability::syncAll);
    }
    problem = closing(problem, flusher::close);
    problem = closing(problem, journal::close);
    problem = closing(problem, image::close);
    cache.close();
    if (problem != null) {
      throw problem;
    }
  }

  private interface Step {
    void run() throws IOException;
  }

  private static @Nullable FsException closing(@Nullable FsException before, Step step) {
    try {
      step.run();
      return before;
    } catch (IOException | RuntimeException e) {
      FsException now =
          e instanceof FsException f
              ? f
              : new FsException(
                  Errno.EIO, "close", FsException.NONE, String.valueOf(e.getMessage()), e);
      if (before != null) {
        before.addSuppressed(now);
        return before;
      }
      return now;
    }
  }
}
