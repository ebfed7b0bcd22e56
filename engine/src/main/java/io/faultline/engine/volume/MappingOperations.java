package io.faultline.engine.volume;

import static io.faultline.engine.volume.LiveVolume.BLOCK_BYTES;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.extent.BlockAllocator;
import io.faultline.engine.extent.BlockRun;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.extent.ExtentMap;
import io.faultline.engine.extent.SpaceCounter;
import io.faultline.engine.inode.Decide;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.MappingCommand;
import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.PageRange;
import io.faultline.engine.namespace.StateLocks;
import io.faultline.engine.pagecache.Mapping;
import io.faultline.engine.pagecache.PageCache;
import io.faultline.engine.runtime.Barrier;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import io.faultline.engine.writeback.Writeback;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The bodies of the commands that change a mapping, as they run under the locks the inode's actor
 * took for them: the I/O lock exclusive and, but for allocate, the mapping lock exclusive.
 *
 * <table>
 * <caption>Steps (SEMANTICS §2.7; R5 says which cache step)</caption>
 * <tr><th>command</th><th>steps</th></tr>
 * <tr><td>truncate down</td><td>zero the tail through and isize ↓ under the page's LOCK, discard,
 *     event with durable size ↓ and what it frees</td></tr>
 * <tr><td>truncate up</td><td>zero a suspect tail through, isize ↑, event</td></tr>
 * <tr><td>punch</td><td>zero the edges through, discard whole pages, event (raises the durable size
 *     to isize)</td></tr>
 * <tr><td>zero</td><td>allocate for the holes, zero the edges, discard, event: written becomes
 *     unwritten</td></tr>
 * <tr><td>allocate</td><td>allocate for the holes, event</td></tr>
 * <tr><td>collapse, insert</td><td>write back and discard from one block before the offset, event,
 *     isize</td></tr>
 * <tr><td>free</td><td>discard, event</td></tr>
 * </table>
 *
 * <p>Edges are zeroed before anything is discarded: they are the only step that can fail on the
 * device, and until then nothing has changed that a reader could see. Freed blocks go back to the
 * allocator when the event's transaction is durable.
 */
public final class MappingOperations {
  private final LiveVolume volume;
  private final Publisher publisher;
  private final PageCache cache;
  private final Writeback writeback;
  private final BlockAllocator allocator;
  private final SpaceCounter space;

  MappingOperations(
      LiveVolume volume,
      Publisher publisher,
      PageCache cache,
      Writeback writeback,
      BlockAllocator allocator,
      SpaceCounter space) {
    this.volume = volume;
    this.publisher = publisher;
    this.cache = cache;
    this.writeback = writeback;
    this.allocator = allocator;
    this.space = space;
  }

  /**
   * The pages that {@code command} destroys or moves, edges included: what no fill may touch
   * meanwhile. The caller holds the I/O lock exclusive, so the size holds still.
   *
   * @return null for allocate: ext4 allocates without the lock, since a hole and an unwritten block
   *     read alike (SEMANTICS §0 8); null for all on a volume made to show what the lock costs
   */
  public @Nullable PageRange destroys(Vnode vnode, MappingCommand command) {
    if (cache.destroyersUnlocked()) {
      return null;
    }
    // The tail that a growing file ends in is zeroed: without it the two below ask for too little.
    long size = Mutant.RANGE_NARROWED.on() ? Long.MAX_VALUE : vnode.mapping.size();
    return switch (command) {
      // The page that the file ends in, before or after: its tail is zeroed.
      case MappingCommand.Truncate c -> from(Math.min(size, c.size()));
      case MappingCommand.PunchHole c -> within(c.offset(), c.offset() + c.length());
      case MappingCommand.ZeroRange c -> {
        long end = c.offset() + c.length();
        // A suspect tail is zeroed before the size grows over it.
        long first = !c.keepSize() && end > size ? Math.min(size, c.offset()) : c.offset();
        yield within(first, end);
      }
      case MappingCommand.Collapse c -> from(Math.max(0, c.offset() - BLOCK_BYTES));
      case MappingCommand.Insert c -> from(Math.max(0, c.offset() - BLOCK_BYTES));
      case MappingCommand.Free _ -> PageRange.ALL;
      case MappingCommand.Allocate _ -> null;
    };
  }

  private static PageRange from(long offset) {
    return new PageRange(offset / BLOCK_BYTES, Long.MAX_VALUE);
  }

  private static PageRange within(long offset, long end) {
    return new PageRange(offset / BLOCK_BYTES, blocksFor(end));
  }

  private static boolean zeroesInPlace(MappingCommand command) {
    return command instanceof MappingCommand.Truncate
        || command instanceof MappingCommand.PunchHole
        || command instanceof MappingCommand.ZeroRange;
  }

  /** Runs one command. The caller holds its locks and gives them back whatever happens. */
  public void run(Vnode vnode, MappingCommand command) throws FsException {
    LockOrder.assertHeldExclusive(vnode.ioLock, command.operation());
    // From before the first page is discarded: the interval's end looks here after its writeback.
    try (Unpublished.Mark _ = volume.unpublished.mark()) {
      change(vnode, command);
    }
  }

  private void change(Vnode vnode, MappingCommand command) throws FsException {
    CommandChecks checks =
        new CommandChecks(vnode, cache, !(command instanceof MappingCommand.Allocate));
    checks.before(command);
    volume.requireWritable();
    Yield.at(YieldPoint.DESTROY_LOCKED, vnode.ino(), command.offset());
    if (Mutant.B11_BODY_ASKS_ITS_ACTOR.on()) {
      Answers.await(volume.files().submit(vnode, command));
    }
    try {
      if (zeroesInPlace(command) && !Barrier.EDGE_MOVES_WAIT.omitted()) {
        // Rule R9, as in writeback: in a block that a shift moved, this place is another offset of
        // the file after a crash that undoes the shift.
        vnode.forceMoves();
      }
      switch (command) {
        case MappingCommand.Truncate c -> truncate(vnode, c.size());
        case MappingCommand.PunchHole c -> punch(vnode, c.offset(), c.length());
        case MappingCommand.ZeroRange c -> zero(vnode, c);
        case MappingCommand.Allocate c -> allocate(vnode, c);
        case MappingCommand.Collapse c -> collapse(vnode, c);
        case MappingCommand.Insert c -> insert(vnode, c);
        case MappingCommand.Free c -> free(vnode);
      }
    } catch (FsException e) {
      throw e;
    } catch (IOException e) {
      throw new FsException(
          Errno.EIO,
          command.operation(),
          vnode.ino(),
          "the device failed before the mapping was changed: " + e.getMessage(),
          e);
    }
    checks.after(command);
    Yield.at(YieldPoint.DESTROY_APPLIED, vnode.ino(), command.offset());
  }

  private void truncate(Vnode v, long size) throws IOException {
    Mapping m = v.mapping;
    long before = m.size();
    if (size > before) {
      volume.suspectTails().zero(v);
    }
    int tail = (int) (size % BLOCK_BYTES);
    if (size < before && tail != 0) {
      // The size goes down under the LOCK of the page it now ends in: no store comes between.
      cache.invalidator().zeroEdge(m, size / BLOCK_BYTES, tail, BLOCK_BYTES, () -> m.setSize(size));
    } else if (!Mutant.M11_SIZE_AFTER_EVICT.on()) {
      m.setSize(size);
    }
    Yield.at(YieldPoint.SIZE_SET, v.ino(), size);
    if (size <= before && !Mutant.B9_TRUNCATE_KEEPS_CACHE.on()) {
      cache.invalidator().discard(m, blocksFor(size), Long.MAX_VALUE);
    }
    if (Mutant.M11_SIZE_AFTER_EVICT.on()) {
      m.setSize(size);
    }
    publishOrFail(v, file -> Decide.truncate(file, before, size, BLOCK_BYTES, volume.nowNanos()));
  }

  private void punch(Vnode v, long offset, long length) throws IOException {
    Mapping m = v.mapping;
    long isize = m.size();
    if (offset >= isize) {
      return;
    }
    // A hole that reaches past the end of file takes the whole page of it, and nothing behind that
    // page, allocated with KEEP_SIZE or not (ext4_punch_hole).
    long end = offset + length > isize ? blocksFor(isize) * BLOCK_BYTES : offset + length;
    zeroEdges(m, offset, end);
    long from = blocksFor(offset);
    long to = end / BLOCK_BYTES;
    if (Mutant.B6_DISCARD_ROUNDS_OUT.on()) {
      cache.invalidator().discard(m, offset / BLOCK_BYTES, blocksFor(end));
    } else if (from < to
        && !Mutant.M7_EVICT_BEFORE_LOCK.on()
        && !Mutant.B3_FREE_BEFORE_EVICT.on()) {
      cache.invalidator().discard(m, from, to);
    }
    if (Mutant.B18_PUNCH_CHANGES_SIZE.on()) {
      m.setSize(Math.max(0, isize - 1));
    }
    publishOrFail(
        v,
        file -> {
          // The pages that would have carried the durable size forward are gone (SEMANTICS k2).
          long durable =
              Mutant.R3_PUNCH_KEEPS_DURABLE_SIZE.on()
                  ? file.durableSize()
                  : Math.max(file.durableSize(), isize);
          return Decide.punch(file, from, to, durable, volume.nowNanos());
        });
    if (Mutant.B3_FREE_BEFORE_EVICT.on()) {
      cache.invalidator().discard(m, from, to);
    }
  }

  private void zero(Vnode v, MappingCommand.ZeroRange c) throws IOException {
    Mapping m = v.mapping;
    long end = c.offset() + c.length();
    long size = c.keepSize() ? m.size() : Math.max(m.size(), end);
    long outerFrom = c.offset() / BLOCK_BYTES;
    long outerTo = blocksFor(end);
    List<Extent> offered = takeForHoles(v, outerFrom, outerTo);
    boolean published = false;
    try {
      if (size > m.size()) {
        volume.suspectTails().zero(v);
      }
      zeroEdges(m, c.offset(), end);
      long from = blocksFor(c.offset());
      long to = end / BLOCK_BYTES;
      if (from < to) {
        cache.invalidator().discard(m, from, to);
      }
      List<Extent> unused = new ArrayList<>();
      publishOrFail(
          v,
          file -> {
            Decide.Filled filled =
                Decide.zero(file, from, to, outerFrom, outerTo, offered, size, volume.nowNanos());
            unused.addAll(filled.unused());
            return filled.event();
          });
      published = true;
      m.setSize(size);
      giveBack(unused);
      cache.dirty().unreserve(m, outerFrom, outerTo);
    } finally {
      if (!published && !Mutant.R23_REFUSED_BLOCKS_KEPT.on()) {
        giveBack(offered);
      }
    }
  }

  private void allocate(Vnode v, MappingCommand.Allocate c) throws IOException {
    Mapping m = v.mapping;
    long end = c.offset() + c.length();
    long size = c.keepSize() ? m.size() : Math.max(m.size(), end);
    List<Extent> offered = takeForHoles(v, c.offset() / BLOCK_BYTES, blocksFor(end));
    boolean published = false;
    try {
      if (size > m.size()) {
        volume.suspectTails().mend(v);
      }
      List<Extent> unused = new ArrayList<>();
      publishOrFail(
          v,
          file -> {
            Decide.Filled filled =
                Decide.allocate(
                    file,
                    c.offset() / BLOCK_BYTES,
                    blocksFor(end),
                    offered,
                    size > m.size() ? size : file.durableSize(),
                    volume.nowNanos());
            unused.addAll(filled.unused());
            return filled.event();
          });
      published = true;
      m.setSize(size);
      giveBack(unused);
      cache.dirty().unreserve(m, c.offset() / BLOCK_BYTES, blocksFor(end));
    } finally {
      if (!published && !Mutant.R23_REFUSED_BLOCKS_KEPT.on()) {
        giveBack(offered);
      }
    }
  }

  private void collapse(Vnode v, MappingCommand.Collapse c) throws IOException {
    Mapping m = v.mapping;
    long isize = m.size();
    if (c.offset() + c.length() >= isize) {
      throw refused(Errno.EINVAL, v, c, "the range reaches the end of file at " + isize);
    }
    long from = c.offset() / BLOCK_BYTES;
    long to = (c.offset() + c.length()) / BLOCK_BYTES;
    writeBackAndDiscard(v, from);
    long size = isize - c.length();
    shift(
        m,
        from,
        () -> {
          publishOrFail(v, file -> Decide.collapse(file, from, to, size, volume.nowNanos()));
          if (Mutant.I12_SHIFT_IN_TWO_STEPS.on()) {
            letFillsIn(v, c);
          }
          m.setSize(size);
        });
  }

  /** Only where mutants are: a shift keeps its lock to its end. */
  private void letFillsIn(Vnode v, MappingCommand command) {
    PageRange range = Objects.requireNonNull(destroys(v, command));
    CompletableFuture<Void> again = new CompletableFuture<>();
    v.mapping.lock().unlockExclusive(range);
    Yield.at(YieldPoint.DESTROY_APPLIED, v.ino(), command.offset());
    v.mapping.lock().lockExclusiveAsync(range, () -> again.complete(null));
    again.join();
    LockOrder.adopt(v.mapping.lock().rank(), v.ino());
  }

  private void insert(Vnode v, MappingCommand.Insert c) throws IOException {
    Mapping m = v.mapping;
    long isize = m.size();
    long size = isize + c.length();
    if (size > LiveVolume.FILE_BYTES_MAX) {
      throw refused(Errno.EFBIG, v, c, "the file would grow to " + size);
    }
    if (c.offset() >= isize) {
      throw refused(Errno.EINVAL, v, c, "the offset lies at or behind the end of file " + isize);
    }
    long at = c.offset() / BLOCK_BYTES;
    long blocks = c.length() / BLOCK_BYTES;
    // Blocks allocated behind the end move too and must stay addressable (generic/485).
    if (v.inode().extents().endBlock() + blocks > LiveVolume.FILE_BYTES_MAX / BLOCK_BYTES) {
      throw refused(Errno.EINVAL, v, c, "a block would move behind the largest offset");
    }
    writeBackAndDiscard(v, at);
    shift(
        m,
        at,
        () -> {
          publishOrFail(v, file -> Decide.insert(file, at, blocks, size, volume.nowNanos()));
          m.setSize(size);
        });
  }

  private interface Shift {
    void run() throws FsException;
  }

  /** Invariant I12: until mapping and size have both moved nobody maps what moves. */
  private static void shift(Mapping m, long from, Shift body) throws FsException {
    m.shiftBegins(from);
    try {
      body.run();
    } finally {
      m.shiftEnds();
    }
  }

  /** Rule R5: what moves must be on the device, and nothing may be cached at its old place. */
  private void writeBackAndDiscard(Vnode v, long fromBlock) throws IOException {
    long from = Math.max(0, fromBlock - 1);
    long errors = v.errorCount();
    if (!Mutant.K1_FLUSH_BEFORE_LOCK.on()) {
      writeback.flush(v, from, Long.MAX_VALUE, !Mutant.R6_DISCARD_SKIPS_BUSY.on());
    }
    if (v.errorCount() != errors) {
      throw new IOException("writeback failed before the shift", v.lastError());
    }
    cache.invalidator().discard(v.mapping, from, Long.MAX_VALUE);
  }

  private void free(Vnode v) throws IOException {
    cache.invalidator().discard(v.mapping, 0, Long.MAX_VALUE);
    try (StateLocks _ = publisher.lockStates(v.ino())) {
      Inode inode = volume.table().get(v.ino());
      // Opened again, or ended by another: nothing to do here.
      if (inode == null || inode.attributes().nlink() > 0 || v.users.get() > 0) {
        return;
      }
      v.mapping.setSize(0);
      v.pendingMtime.set(0);
      v.pendingAtime.set(0);
      publisher.publish(List.of(Decide.free(inode)));
    }
  }

  private interface Decision {
    Event decide(Inode.RegularFile file);
  }

  /**
   * The one place where a command becomes an event: rule R7. The cache step is done, so failing
   * here leaves the volume read-only (rule R11).
   */
  private void publishOrFail(Vnode v, Decision decision) throws FsException {
    try (StateLocks _ = publisher.lockStates(v.ino())) {
      publisher.publish(List.of(decision.decide(v.inode())));
    } catch (FsException | RuntimeException e) {
      volume.fail(e);
      throw e;
    }
  }

  /** Zeroes what of {@code [offset, end)} covers pages only in part. */
  private void zeroEdges(Mapping m, long offset, long end) throws IOException {
    if (Mutant.B5_EDGES_NOT_ZEROED.on()) {
      return;
    }
    long headPage = offset / BLOCK_BYTES;
    long tailPage = end / BLOCK_BYTES;
    int headFrom = (int) (offset % BLOCK_BYTES);
    int tailTo = (int) (end % BLOCK_BYTES);
    if (headPage == tailPage) {
      if (headFrom != tailTo) {
        cache.invalidator().zeroEdge(m, headPage, headFrom, tailTo, MappingOperations::nothing);
      }
      return;
    }
    if (headFrom != 0) {
      cache.invalidator().zeroEdge(m, headPage, headFrom, BLOCK_BYTES, MappingOperations::nothing);
    }
    if (tailTo != 0) {
      cache.invalidator().zeroEdge(m, tailPage, 0, tailTo, MappingOperations::nothing);
    }
  }

  /** Unwritten extents for the holes of {@code [from, to)}; all or ENOSPC. */
  private List<Extent> takeForHoles(Vnode v, long from, long to) throws FsException {
    List<Extent> holes = v.inode().extents().holes(from, to);
    long blocks = holes.stream().mapToLong(Extent::length).sum();
    if (blocks == 0) {
      return List.of();
    }
    volume.frees().takeSpace(blocks, "fallocate", v.ino());
    List<Extent> offered = new ArrayList<>();
    ExtentMap extents = v.inode().extents();
    for (Extent hole : holes) {
      long at = hole.fileBlock();
      Extent before = at == 0 ? hole : extents.lookup(at - 1);
      long goal = before.isHole() ? Extent.NO_BLOCK : before.physicalOf(at - 1) + 1;
      for (BlockRun run : allocator.allocate(hole.length(), goal)) {
        offered.add(Extent.unwritten(at, run.start(), run.length()));
        at += run.length();
      }
    }
    return offered;
  }

  private void giveBack(List<Extent> extents) {
    for (Extent extent : extents) {
      allocator.free(extent.run());
      space.give(extent.length());
    }
  }

  private static FsException refused(Errno errno, Vnode v, MappingCommand c, String detail) {
    return new FsException(errno, c.operation(), v.ino(), c.offset(), c.length(), detail);
  }

  /** Zeroing these edges changes nothing else with them. */
  private static void nothing() {}

  /** Blocks that {@code bytes} reach into. */
  static long blocksFor(long bytes) {
    return (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES;
  }
}
