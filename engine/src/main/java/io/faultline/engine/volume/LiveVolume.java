package io.faultline.engine.volume;

import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.device.Io;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.extent.BlockAllocator;
import io.faultline.engine.extent.BlockLedger;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.extent.ExtentMap;
import io.faultline.engine.extent.SpaceCounter;
import io.faultline.engine.inode.Attributes;
import io.faultline.engine.inode.Decide;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.FileKind;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeApply;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.inode.MappingCommand;
import io.faultline.engine.journal.Journal;
import io.faultline.engine.journal.TransactionLog;
import io.faultline.engine.journal.Tx;
import io.faultline.engine.lock.CacheGuard;
import io.faultline.engine.lock.Guard;
import io.faultline.engine.lock.LockCounters;
import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockRole;
import io.faultline.engine.lock.LockWait;
import io.faultline.engine.namespace.AttributeChange;
import io.faultline.engine.namespace.Namespace;
import io.faultline.engine.namespace.NamespaceVolume;
import io.faultline.engine.namespace.StateLocks;
import io.faultline.engine.pagecache.CacheCounters;
import io.faultline.engine.pagecache.PageCache;
import io.faultline.engine.runtime.Barrier;
import io.faultline.engine.runtime.CallerLane;
import io.faultline.engine.runtime.EngineFailure;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.runtime.EngineTrace;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.StateChange;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import io.faultline.engine.writeback.ImageWriter;
import io.faultline.engine.writeback.Writeback;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A volume in use: the evented state, the files in use beside it, and everything that acts on them.
 *
 * <p>What changes evented state goes through {@link #publish}: append to the running transaction,
 * apply, publish, under the inode-state locks of the inodes concerned (rule R7). Blocks that an
 * event frees come back when its transaction is durable (invariant I6).
 *
 * <p>Thread-safe. After {@link #close} every call fails with EBADF.
 */
public final class LiveVolume implements NamespaceVolume, AutoCloseable {
  /** Bytes of a block and of a page (rule R22). */
  public static final int BLOCK_BYTES = 4_096;

  /** ext4's largest file with extents: 2^32 − 1 blocks. */
  public static final long FILE_BYTES_MAX = ((1L << 32) - 1) * BLOCK_BYTES;

  private static final int SWEEP_MIN = 1_024;

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

  /** Once, since every publication asks for it. */
  private final LongFunction<LockRole> roles = this::role;

  private final BlockAllocator allocator;
  private final SpaceCounter space;
  private final BlockCensus census;
  private final PageCache cache;
  private final Writeback writeback;
  private final Journal journal;
  private final Namespace names;
  private final Flusher flusher;
  private final StripedStateLocks stateLocks = new StripedStateLocks();
  private final Map<Long, Vnode> vnodes = new ConcurrentHashMap<>();
  private final SuspectTail suspectTails;
  private final MappingOperations operations;
  private final CommandRouter router;

  /** Inodes below this number were there when the volume was opened. */
  private final long recoveredUpTo;

  private final CacheCounters cacheCounters = new CacheCounters();
  private final LockCounters ioCounters = new LockCounters();
  private final LockCounters mappingCounters = new LockCounters();
  private final LongAdder mappingChanges = new LongAdder();
  private final AtomicLong pendingBlocks = new AtomicLong();

  /** Files in use at which idle ones are looked for; a hint. */
  private volatile int sweepAt = SWEEP_MIN;

  private final Operations inFlight = new Operations();

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
    this.census = new BlockCensus(allocator, table, ledger);
    this.recoveredUpTo = table.nextNumber();
    List<Inode> orphans = claimMapped();
    this.space = new SpaceCounter(allocator.freeBlocks());
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
            new DurableFrees(),
            new Journal.Options(
                config.commitIntervalNanos(), Journal.Options.defaults().txBytesMax()));
    this.names = new Namespace(this);
    this.operations = new MappingOperations(this, cache, writeback, allocator, space);
    this.router = routing.apply(operations);
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

  /** Gives freed blocks back once nobody can see them again, not even after a crash. */
  private final class DurableFrees implements Journal.Listener {
    @Override
    public void durable(Tx tx) {
      Yield.note(StateChange.TX_DURABLE, 0, tx.lsn());
      census.atCommit(journal);
      ledger.durable(tx.lsn());
      if (Barrier.FREE_WAIT.omitted()) {
        return;
      }
      tx.events().forEach(LiveVolume.this::release);
    }

    @Override
    public void failed(Throwable cause) {
      fail(cause);
    }
  }

  private void release(Event event) {
    long blocks = 0;
    for (Extent extent : InodeApply.freedBy(event)) {
      allocator.free(extent.run());
      blocks += extent.length();
    }
    if (blocks > 0) {
      pendingBlocks.addAndGet(-blocks);
      space.give(blocks);
      Yield.note(StateChange.BLOCKS_FREED, event.ino(), blocks);
      Yield.at(YieldPoint.BLOCKS_FREED, event.ino(), blocks);
    }
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

  SpaceCounter space() {
    return space;
  }

  SuspectTail suspectTails() {
    return suspectTails;
  }

  Writeback writeback() {
    return writeback;
  }

  @Override
  public StateLocks lockStates(long... inos) {
    return stateLocks.lock(roles, inos);
  }

  private LockRole role(long ino) {
    return table.get(ino) instanceof Inode.RegularFile ? LockRole.DATA_FILE : LockRole.DIRECTORY;
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

  @Override
  public long publish(List<Event> batch) throws FsException {
    census.publishes();
    try {
      return publishBatch(batch);
    } finally {
      census.published();
    }
  }

  private long publishBatch(List<Event> batch) throws FsException {
    // Nothing goes into the journal that a replay could not apply: it would never open again.
    InodeTable.Prepared prepared =
        table.prepare(Mutant.B23_APPLY_READS_CLOCK.on() ? atTheClock(batch) : batch);
    long lsn = append(batch);
    for (Event event : batch) {
      LedgerLog.published(ledger, event, lsn, image.writesDone());
      count(event);
    }
    table.install(prepared);
    EngineTrace.appended(lsn);
    for (Event event : batch) {
      tell(event, lsn);
      if (Yield.SIMULATION || EngineTrace.ON) {
        noteMapping(event, lsn);
      }
    }
    flusher.arm();
    return lsn;
  }

  /** What an apply that reads a clock would make of {@code batch}. */
  private static List<Event> atTheClock(List<Event> batch) {
    List<Event> retimed = new ArrayList<>(batch);
    retimed.replaceAll(
        event ->
            event instanceof Event.AttributesChanged e
                ? new Event.AttributesChanged(
                    e.ino(),
                    e.mode(),
                    e.uid(),
                    e.gid(),
                    e.atimeNanos(),
                    e.mtimeNanos(),
                    Mutant.tick())
                : event);
    return retimed;
  }

  private static void noteMapping(Event event, long lsn) {
    switch (event) {
      case Event.Truncated _,
          Event.RangePunched _,
          Event.RangeZeroed _,
          Event.RangeCollapsed _,
          Event.RangeInserted _,
          Event.ExtentsMapped _,
          Event.ExtentsAllocated _,
          Event.Freed _ ->
          Yield.note(StateChange.MAPPING_CHANGED, event.ino(), lsn);
      default -> {
        // The block map stayed.
      }
    }
  }

  /**
   * Told to the ledger first: the transaction may be durable, and its blocks released, before the
   * append has returned here.
   */
  private long append(List<Event> batch) throws FsException {
    if (!ledger.isOn()) {
      return journal.append(batch);
    }
    LedgerLog.publishing(ledger, batch, journal.runningLsn());
    try {
      return journal.append(batch);
    } catch (FsException | RuntimeException e) {
      LedgerLog.refused(ledger, batch);
      throw e;
    }
  }

  private void count(Event event) {
    long freed = 0;
    for (Extent extent : InodeApply.freedBy(event)) {
      freed += extent.length();
    }
    pendingBlocks.addAndGet(freed);
    if (changesMapping(event, freed)) {
      mappingChanges.increment();
    }
    if (Barrier.FREE_WAIT.omitted()) {
      release(event);
    }
  }

  /** Publishes to the file in use, if there is one. */
  private void tell(Event event, long lsn) {
    Vnode vnode = vnodes.get(event.ino());
    if (vnode == null) {
      return;
    }
    vnode.lastLsn = Math.max(vnode.lastLsn, lsn);
    if (event instanceof Event.RangeCollapsed || event instanceof Event.RangeInserted) {
      vnode.movedLsn = lsn;
    }
    Inode.RegularFile before = vnode.inode;
    if (table.get(event.ino()) instanceof Inode.RegularFile file) {
      if (!(event instanceof Event.RangePunched && Mutant.B10_OLD_MAPPING_AFTER_PUNCH.on())) {
        vnode.inode = file;
      }
      clearTimes(vnode, before, file.attributes(), event);
    } else {
      vnode.inode = new Inode.RegularFile(before.attributes(), 0, ExtentMap.EMPTY);
    }
  }

  /** Whether the event took away or moved a mapped block. */
  private static boolean changesMapping(Event event, long freed) {
    return switch (event) {
      case Event.Truncated e -> freed > 0;
      case Event.RangePunched e -> freed > 0;
      case Event.RangeCollapsed e -> true;
      case Event.RangeInserted e -> true;
      default -> false;
    };
  }

  /** Times that the event carried are no longer pending. */
  private static void clearTimes(Vnode vnode, Inode before, Attributes now, Event event) {
    boolean attributes = event instanceof Event.AttributesChanged;
    boolean mtimeSet = attributes && before.attributes().mtimeNanos() != now.mtimeNanos();
    long mtime = vnode.pendingMtime.get();
    if (mtime != 0 && (mtimeSet || mtime <= now.mtimeNanos())) {
      vnode.pendingMtime.compareAndSet(mtime, 0);
    }
    boolean atimeSet = attributes && before.attributes().atimeNanos() != now.atimeNanos();
    long atime = vnode.pendingAtime.get();
    if (atime != 0 && attributes && (atimeSet || atime <= now.atimeNanos())) {
      vnode.pendingAtime.compareAndSet(atime, 0);
    }
  }

  // Files in use.

  /**
   * Takes a file into use; {@link #release(Vnode)} gives it back.
   *
   * @throws FsException ENOENT if it is gone, EISDIR or ELOOP if it is no regular file
   */
  Vnode acquire(long ino, String operation) throws FsException {
    requireOpen();
    sweepIfMany();
    Vnode vnode =
        vnodes.compute(
            ino,
            (number, known) -> {
              Vnode v = known != null ? known : make(number);
              if (v != null) {
                v.users.incrementAndGet();
              }
              return v;
            });
    if (vnode == null) {
      throw notAFile(ino, operation);
    }
    try (StateLocks _ = lockStates(ino)) {
      if (table.get(ino) instanceof Inode.RegularFile file && file.attributes().nlink() > 0) {
        // Published between our look and our entry in the map: nobody told this vnode.
        vnode.inode = file;
        if (vnode.users.get() == 1) {
          vnode.lastLsn = Math.max(vnode.lastLsn, journal.runningLsn());
        }
        return vnode;
      }
    }
    release(vnode);
    throw notAFile(ino, operation);
  }

  /** Files that were read and whose pages were evicted since are let go here. */
  private void sweepIfMany() {
    int many = sweepAt;
    if (vnodes.size() > many) {
      vnodes.values().forEach(this::forget);
      sweepAt = Math.max(SWEEP_MIN, 2 * vnodes.size());
    }
  }

  private @Nullable Vnode make(long ino) {
    if (!(table.get(ino) instanceof Inode.RegularFile file)) {
      return null;
    }
    boolean suspect = ino < recoveredUpTo && file.durableSize() % BLOCK_BYTES != 0;
    return new Vnode(this, file, journal.runningLsn(), suspect, ioCounters, mappingCounters);
  }

  private FsException notAFile(long ino, String operation) {
    Inode inode = table.get(ino);
    Errno errno =
        switch (inode) {
          case Inode.Directory d -> Errno.EISDIR;
          case Inode.Symlink s -> Errno.ELOOP;
          case null, default -> Errno.ENOENT;
        };
    return new FsException(errno, operation, ino, FsException.NONE, FsException.NONE, errno.text());
  }

  /** Gives a file back; the last user of a file without a name ends it. */
  void release(Vnode vnode) throws FsException {
    if (vnode.users.decrementAndGet() == 0) {
      lastUseEnded(vnode);
    }
  }

  private void lastUseEnded(Vnode vnode) throws FsException {
    Inode inode = table.get(vnode.ino());
    if (inode != null && inode.attributes().nlink() == 0) {
      end(vnode);
    }
    forget(vnode);
  }

  /**
   * Keeps a file in use for one operation, even if its last open file is closed meanwhile:
   * otherwise a second vnode of the same inode could come to life beside the operation.
   *
   * @throws FsException EBADF if nobody has it open any more, or the volume is closing
   */
  void pin(Vnode vnode, String operation) throws FsException {
    inFlight.enter();
    if (closed || !vnode.tryUse()) {
      inFlight.leave();
      requireOpen();
      throw new FsException(
          Errno.EBADF,
          operation,
          vnode.ino(),
          FsException.NONE,
          FsException.NONE,
          "the file is closed");
    }
    LockOrder.owes(LockWait.OPERATIONS);
  }

  void unpin(Vnode vnode) throws FsException {
    try {
      release(vnode);
    } finally {
      inFlight.leave();
      LockOrder.paid(LockWait.OPERATIONS);
    }
  }

  /** {@link #unpin} on a thread that the end of the file may need. */
  private void unpinLater(Vnode vnode) {
    if (vnode.users.decrementAndGet() > 0) {
      inFlight.leave();
      return;
    }
    runtime.fork(
        "faultline-release-" + vnode.ino(),
        () -> {
          try {
            lastUseEnded(vnode);
          } catch (FsException e) {
            // Nobody waits for this; the next open finishes the orphan.
            orphanRemains(e);
          } finally {
            inFlight.leave();
          }
        });
  }

  private void orphanRemains(FsException e) {
    if (failure == null && e.errno() == Errno.EIO) {
      fail(e);
    }
  }

  @Override
  public void lastNameRemoved(long ino) {
    Inode inode = table.get(ino);
    try {
      if (inode instanceof Inode.RegularFile) {
        Vnode vnode = vnodes.computeIfAbsent(ino, this::make);
        if (vnode != null && vnode.users.get() == 0) {
          // If somebody opens it meanwhile the command finds that out, and his close ends it.
          end(vnode);
          forget(vnode);
        }
      } else if (inode != null) {
        try (StateLocks _ = lockStates(ino)) {
          Inode now = table.get(ino);
          if (now != null && now.attributes().nlink() == 0) {
            publish(List.of(Decide.free(now)));
          }
        }
      }
    } catch (FsException e) {
      // The name is gone and stays gone; the next open finishes the orphan.
      orphanRemains(e);
    }
  }

  private void end(Vnode vnode) throws FsException {
    call(() -> submit(vnode, new MappingCommand.Free()));
  }

  CompletableFuture<Void> submit(Vnode vnode, MappingCommand command) {
    vnode.commands.incrementAndGet();
    return router
        .submit(vnode, command)
        .whenComplete((ignored, failed) -> vnode.commands.decrementAndGet());
  }

  /** Sends a user's command to the file's actor; until it ends the file stays in use. */
  CompletableFuture<Void> command(Vnode vnode, MappingCommand command) throws FsException {
    pin(vnode, command.operation());
    // From here the command owes it, on whatever threads it runs.
    LockOrder.paid(LockWait.OPERATIONS);
    return submit(vnode, command).whenComplete((ignored, failed) -> unpinLater(vnode));
  }

  /**
   * Lets go of a file that nobody uses and nothing is cached of, and of what is kept free for it.
   */
  void forget(Vnode vnode) {
    if (vnode.users.get() == 0) {
      allocator.close(vnode.window);
    }
    vnodes.computeIfPresent(
        vnode.ino(),
        (ino, known) -> {
          boolean idle =
              known == vnode
                  && vnode.users.get() == 0
                  && vnode.commands.get() == 0
                  && vnode.pendingMtime.get() == 0
                  && vnode.pendingAtime.get() == 0
                  && vnode.movedLsn <= journal.durableLsn()
                  && !vnode.hasUnseenError()
                  && vnode.mapping.dirtyPages() == 0
                  && vnode.mapping.isEmpty();
          return idle ? null : known;
        });
  }

  /** Sends a command and waits for it; this thread may do the work itself. */
  static void call(CallerLane.Call<FsException> command) throws FsException {
    LockOrder.waits(LockWait.COMMAND);
    await(CallerLane.call(command));
  }

  static void await(CompletableFuture<Void> done) throws FsException {
    if (!done.isDone()) {
      LockOrder.waits(LockWait.COMMAND);
    }
    try {
      done.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof FsException cause) {
        // A new exception, so that the trace shows the caller and not only the actor's task.
        FsException here =
            new FsException(cause.errno(), cause.operation(), cause.ino(), detail(cause), cause);
        throw here;
      }
      if (e.getCause() instanceof EngineFailure broken) {
        throw new EngineFailure(String.valueOf(broken.getMessage()), broken);
      }
      throw e;
    }
  }

  private static String detail(FsException e) {
    String message = e.getMessage();
    int colon = message == null ? -1 : message.indexOf(": ");
    return message == null || colon < 0 ? "" : message.substring(colon + 2);
  }

  // Durability.

  /** Events the times that only memory knows. */
  void settleTimes(Vnode vnode) throws FsException {
    if (vnode.pendingMtime.get() == 0 && vnode.pendingAtime.get() == 0) {
      return;
    }
    try (StateLocks _ = lockStates(vnode.ino())) {
      if (table.get(vnode.ino()) instanceof Inode.RegularFile file) {
        Attributes at = file.attributes();
        publish(
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
          ? new FsException(Errno.EIO, operation, vnode.ino(), detail(e), e)
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
      fail(e);
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

  /** Takes {@code blocks} for an allocation, after a commit if need be (rule R20); or ENOSPC. */
  void takeSpace(long blocks, String operation, long ino) throws FsException {
    if (space.tryTake(blocks)) {
      return;
    }
    commitForSpace();
    if (!space.tryTake(blocks)) {
      throw new FsException(
          Errno.ENOSPC,
          operation,
          ino,
          FsException.NONE,
          FsException.NONE,
          blocks + " blocks are wanted, " + space.available() + " are available");
    }
  }

  /** Makes the frees of the running transaction usable. */
  void commitForSpace() throws FsException {
    if (!Mutant.R20_NO_COMMIT_BEFORE_ENOSPC.on() && pendingBlocks.get() > 0) {
      journal.commitAll();
    }
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
      syncAll();
    }
  }

  private void syncAll() throws FsException {
    for (Vnode vnode : vnodes.values()) {
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
      fail(e);
      throw new FsException(Errno.EIO, "sync", FsException.NONE, String.valueOf(e.getMessage()), e);
    }
    tellLosses();
  }

  /** As syncfs(2): what writeback lost and no fsync has told anybody is told here. */
  private void tellLosses() throws FsException {
    FsException loss = null;
    for (Vnode vnode : vnodes.values()) {
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

  /** Changes mode, owner or times of what {@code path} leads to. */
  public void setAttributes(String path, boolean followLast, AttributeChange change)
      throws FsException {
    Vnode vnode = vnodes.get(names.resolve(path, followLast));
    if (vnode != null) {
      settleTimes(vnode);
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
    Vnode vnode = vnodes.get(inode.ino());
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
    return mappingCounters;
  }

  public LockCounters ioLockCounters() {
    return ioCounters;
  }

  /** Events that took away or moved a mapped block. */
  public long mappingChanges() {
    return mappingChanges.sum();
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
    return pendingBlocks.get();
  }

  BlockLedger ledger() {
    return ledger;
  }

  BlockAllocator allocator() {
    return allocator;
  }

  /** The file in use of that number, if there is one. */
  @Nullable Vnode fileInUse(long ino) {
    return vnodes.get(ino);
  }

  /** Files in use or cached; weakly consistent. */
  Collection<Vnode> files() {
    return vnodes.values();
  }

  /** Files in use or cached. */
  public List<Vnode> filesInUse() {
    return new ArrayList<>(vnodes.values());
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
    inFlight.awaitNone();
    router.close();
    FsException problem = null;
    if (!Barrier.CLOSE_SYNC.omitted() && failure == null && !config.readOnly()) {
      problem = closing(problem, this::syncAll);
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
