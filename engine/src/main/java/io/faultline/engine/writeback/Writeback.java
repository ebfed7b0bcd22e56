package io.faultline.engine.writeback;

import io.faultline.engine.device.Io;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.extent.AllocationWindow;
import io.faultline.engine.extent.BlockAllocator;
import io.faultline.engine.extent.BlockLedger;
import io.faultline.engine.extent.BlockRun;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.extent.ExtentMap;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockWait;
import io.faultline.engine.pagecache.DirtyPages;
import io.faultline.engine.runtime.Barrier;
import io.faultline.engine.runtime.EngineFailure;
import io.faultline.engine.runtime.Invariant;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.StateChange;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes dirty pages back.
 *
 * <pre>
 *  pages DIRTY → WRITEBACK   (no mapping can be taken from under them now)
 *    → look the mapping up; allocate where there is a hole (paid by reservations)
 *    → write; wait
 *    → under the inode-state lock: still a hole? ExtentsMapped{blocks, durable size}; append, apply
 *    → WRITEBACK clears, reservations with it
 * </pre>
 *
 * <p>Takes no I/O lock and no mapping lock, so reclaim and destroyers may wait for it. Runs on a
 * thread that may block; several may work on one file, a page belongs to one of them.
 */
public final class Writeback {
  /** Pages under writeback by one call: 4 MiB, so that a delayed run becomes one extent. */
  private static final int RUN_PAGES_MAX = 1_024;

  /** Pages of one device request: 1 MiB. */
  private static final int IO_PAGES_MAX = 256;

  private final DirtyPages dirty;
  private final ImageWriter image;
  private final BlockAllocator allocator;
  private final BlockLedger ledger;
  private final long blockBytes;

  /**
   * @param ledger hears of the blocks that are written
   * @param blockBytes of a block, which is a page (rule R22)
   */
  public Writeback(
      DirtyPages dirty,
      ImageWriter image,
      BlockAllocator allocator,
      BlockLedger ledger,
      long blockBytes) {
    this.dirty = dirty;
    this.image = image;
    this.allocator = allocator;
    this.ledger = ledger;
    this.blockBytes = blockBytes;
  }

  /** Pages {@code [from, to)} and where they go. */
  private record Piece(long from, long to, long block, Kind kind, List<Io> writes) {
    enum Kind {
      /** In place; nothing to tell. */
      WRITTEN,
      /** In place; the extent becomes written. */
      UNWRITTEN,
      /** Into blocks taken for it. */
      ALLOCATED
    }

    BlockRun blocks() {
      return new BlockRun(block, to - from);
    }

    /** The pages of this piece inside {@code [first, end)}. */
    Piece part(long first, long end) {
      long start = Math.max(from, first);
      return new Piece(start, Math.min(to, end), block + (start - from), kind, List.of());
    }
  }

  /**
   * Writes back what is dirty in pages {@code [from, to)}.
   *
   * @param wait also for pages that are locked or under writeback by others: afterwards everything
   *     that was dirty at the call is on the device and published
   */
  public void flush(WritebackFile file, long from, long to, boolean wait) {
    long at = from;
    while (at < to) {
      ExtentMap early = null;
      if (Mutant.M16_MAPPING_BEFORE_WRITEBACK.on()) {
        early = file.inode().extents();
        Yield.at(YieldPoint.WRITEBACK_MAPPED, file.mapping().ino(), at);
      }
      DirtyPages.Run run = dirty.next(file.mapping(), at, to, RUN_PAGES_MAX, wait);
      if (run == null) {
        break;
      }
      at = run.endPage();
      writeRun(file, run, early);
    }
    if (wait) {
      dirty.awaitWriteback(file.mapping(), from, to);
    }
  }

  private void writeRun(WritebackFile file, DirtyPages.Run run, @Nullable ExtentMap early) {
    long done = run.firstPage();
    LockOrder.owes(LockWait.WRITEBACK);
    try {
      if (!Barrier.WRITEBACK_MOVES_WAIT.omitted()) {
        file.forceMoves();
      }
      if (Mutant.I12_SHIFT_IN_TWO_STEPS.on()) {
        Yield.at(YieldPoint.WRITEBACK_MAPPED, file.mapping().ino(), done);
      }
      while (done < run.endPage()) {
        List<Piece> pieces = map(file, run, done, early);
        pieces.forEach(p -> ledger.writeBegins(p.blocks()));
        image.submit(pieces.stream().flatMap(p -> p.writes().stream()).toList());
        Yield.at(YieldPoint.WRITEBACK_SUBMITTED, file.mapping().ino(), done);
        done = settle(file, run, pieces);
      }
    } catch (FsException | RuntimeException | Error e) {
      // Whatever it was, the pages must not stay under writeback: everybody would wait for them.
      file.writebackFailed(e);
      if (done < run.endPage()) {
        run.failed(done, run.endPage());
      }
      if (e instanceof EngineFailure broken) {
        throw broken;
      }
      if (e instanceof Error error) {
        throw error;
      }
    } finally {
      LockOrder.paid(LockWait.WRITEBACK);
    }
  }

  /** Where pages from {@code from} on go, up to the end of the run. */
  private List<Piece> map(
      WritebackFile file, DirtyPages.Run run, long from, @Nullable ExtentMap early)
      throws FsException {
    List<Piece> pieces = new ArrayList<>();
    file.mapping().requireUnshifted(run.endPage() - 1);
    ExtentMap extents = early != null ? early : file.inode().extents();
    try {
      for (long at = from; at < run.endPage(); ) {
        Extent extent = extents.lookup(at).clip(at, run.endPage());
        if (!extent.isHole()) {
          Piece.Kind kind = extent.isWritten() ? Piece.Kind.WRITTEN : Piece.Kind.UNWRITTEN;
          pieces.add(piece(run, at, extent.end(), extent.physical(), kind));
        } else {
          boolean grows = at >= extents.endBlock();
          allocate(
              file, run, extent, goal(extents, pieces, at), grows ? file.window() : null, pieces);
        }
        at = extent.end();
      }
    } catch (FsException | RuntimeException e) {
      giveBack(pieces);
      throw e;
    }
    Yield.at(YieldPoint.WRITEBACK_MAPPED, file.mapping().ino(), from);
    return pieces;
  }

  private void allocate(
      WritebackFile file,
      DirtyPages.Run run,
      Extent hole,
      long goal,
      @Nullable AllocationWindow window,
      List<Piece> pieces)
      throws FsException {
    for (long page = hole.fileBlock(); page < hole.end(); page++) {
      // Invariant I3 says that a dirty page over a hole holds a reservation. Without the guard a
      // destroyer may have taken the block away behind the page's back.
      if (!run.reserved(page) && !file.reserveLate()) {
        Invariant.I3.require(
            !ledger.isOn(),
            "inode %s page %s is dirty over a hole without a reservation",
            file.mapping().ino(),
            page);
        throw new FsException(
            Errno.ENOSPC,
            "writeback",
            file.mapping().ino(),
            page * blockBytes,
            blockBytes,
            "a dirty page without a reservation");
      }
    }
    long at = hole.fileBlock();
    for (BlockRun blocks : allocator.allocate(hole.length(), goal, window)) {
      long end = at + blocks.length();
      pieces.add(piece(run, at, end, blocks.start(), Piece.Kind.ALLOCATED));
      Yield.note(StateChange.BLOCKS_TAKEN, file.mapping().ino(), blocks.start());
      at = end;
    }
  }

  private static Piece piece(DirtyPages.Run run, long from, long to, long block, Piece.Kind kind) {
    List<Io> writes = new ArrayList<>();
    for (long at = from; at < to; at += IO_PAGES_MAX) {
      writes.add(run.write(at, Math.min(to, at + IO_PAGES_MAX), block + (at - from)));
    }
    return new Piece(from, to, block, kind, writes);
  }

  /** Behind the blocks of what comes before in the file. */
  private static long goal(ExtentMap extents, List<Piece> pieces, long at) {
    if (!pieces.isEmpty()) {
      Piece before = pieces.getLast();
      return before.block() + (before.to() - before.from());
    }
    if (at > 0) {
      Extent before = extents.lookup(at - 1);
      if (!before.isHole()) {
        return before.physicalOf(at - 1) + 1;
      }
    }
    return Extent.NO_BLOCK;
  }

  /**
   * Waits for the writes, publishes what succeeded and lets the pages go.
   *
   * @return the first page that has to be mapped again, because its hole was filled by somebody
   *     else meanwhile; the end of the run if there is none
   */
  private long settle(WritebackFile file, DirtyPages.Run run, List<Piece> pieces)
      throws FsException {
    IOException failure = null;
    List<Piece> good = new ArrayList<>();
    List<Piece> bad = new ArrayList<>();
    for (Piece piece : pieces) {
      IOException problem = null;
      for (Io write : piece.writes()) {
        try {
          if (!Barrier.WRITEBACK_IO_WAIT.omitted()) {
            image.await(write);
          }
        } catch (IOException e) {
          problem = e;
        }
      }
      ledger.writeEnds(piece.blocks(), problem == null);
      if (problem == null) {
        requireOwned(file, piece);
      }
      failure = problem != null ? problem : failure;
      (problem == null ? good : bad).add(piece);
    }
    Yield.at(YieldPoint.WRITEBACK_WRITTEN, file.mapping().ino(), run.firstPage());
    if (Mutant.R7_CLEAR_BEFORE_PUBLISH.on()) {
      good.forEach(p -> run.written(p.from(), p.to(), p.kind() == Piece.Kind.ALLOCATED));
      Yield.at(YieldPoint.WRITEBACK_CLEARED, file.mapping().ino(), run.firstPage());
    }
    Bounds bounds = new Bounds();
    try {
      file.publish(() -> mapped(file, run, good, bounds));
    } catch (FsException | RuntimeException e) {
      giveBack(pieces);
      throw e;
    }
    Yield.at(YieldPoint.WRITEBACK_PUBLISHED, file.mapping().ino(), run.firstPage());
    if (failure != null) {
      // Before any page goes: an fsync that waited for it must find the error.
      file.writebackFailed(failure);
    }
    long end = Math.min(run.endPage(), bounds.again);
    for (Piece whole : pieces) {
      if (whole.from() >= end) {
        giveBack(List.of(whole));
        continue;
      }
      Piece piece = whole.from() < bounds.cut ? whole.part(whole.from(), bounds.cut) : null;
      Piece behind = whole.to() > bounds.cut ? whole.part(bounds.cut, whole.to()) : null;
      if (piece != null && bad.contains(whole)) {
        giveBack(List.of(piece));
        run.failed(piece.from(), piece.to());
      } else if (piece != null && !Mutant.R7_CLEAR_BEFORE_PUBLISH.on()) {
        run.written(piece.from(), piece.to(), piece.kind() == Piece.Kind.ALLOCATED);
      }
      if (behind != null) {
        giveBack(List.of(behind));
        run.cutOff(behind.from(), behind.to());
      }
    }
    return end;
  }

  /**
   * Invariant I4: while WRITEBACK is set nobody takes a block that was mapped before away from its
   * page. (Blocks just allocated are the ledger's.)
   */
  private void requireOwned(WritebackFile file, Piece piece) {
    if (!ledger.isOn() || piece.kind() == Piece.Kind.ALLOCATED) {
      return;
    }
    ExtentMap extents = file.inode().extents();
    for (long page = piece.from(); page < piece.to(); page++) {
      Extent extent = extents.lookup(page);
      long block = piece.block() + (page - piece.from());
      Invariant.I4.require(
          !extent.isHole() && extent.physicalOf(page) == block,
          "inode %s page %s was written to block %s, but is %s now",
          file.mapping().ino(),
          page,
          block,
          extent);
    }
  }

  /** What publishing found; written under the inode-state lock, read behind it. */
  private static final class Bounds {
    /**
     * The first page to be mapped again, because preallocation filled its hole first: its blocks
     * stay, ours go back, the data is written once more.
     */
    long again = Long.MAX_VALUE;

    /**
     * The first page behind the end of file: a truncate has lowered the size and waits for these
     * pages. Mapping them would show their blocks behind the end after a crash.
     */
    long cut = Long.MAX_VALUE;
  }

  /** The event for what was written, or null if nothing but in-place data moved. */
  private @Nullable Event mapped(
      WritebackFile file, DirtyPages.Run run, List<Piece> good, Bounds bounds) {
    Inode.RegularFile inode = file.inode();
    long isize = file.mapping().size();
    boolean clamped = !Mutant.R3_DURABLE_SIZE_UNCLAMPED.on();
    if (clamped) {
      bounds.cut = Math.ceilDiv(isize, blockBytes);
    }
    List<Extent> written = new ArrayList<>();
    long end = 0;
    for (Piece piece : good) {
      if (piece.kind() == Piece.Kind.ALLOCATED
          && !inode.extents().slice(piece.from(), piece.to()).isEmpty()) {
        bounds.again = piece.from();
        break;
      }
      long to = Math.min(piece.to(), bounds.cut);
      if (piece.from() >= to) {
        break;
      }
      end = to;
      if (piece.kind() != Piece.Kind.WRITTEN) {
        written.add(Extent.written(piece.from(), piece.block(), to - piece.from()));
      }
    }
    // What came into these pages after they were taken is not in what was sent.
    long sent = Math.min(isize, run.sizeSeen());
    long reached = clamped ? Math.min(sent, end * blockBytes) : end * blockBytes;
    long durableSize = Math.max(inode.durableSize(), reached);
    long mtime = file.mtime();
    if (written.isEmpty()
        && durableSize == inode.durableSize()
        && mtime == inode.attributes().mtimeNanos()) {
      return null;
    }
    return new Event.ExtentsMapped(inode.ino(), written, durableSize, mtime, file.ctime());
  }

  private void giveBack(List<Piece> pieces) {
    for (Piece piece : pieces) {
      if (piece.kind() == Piece.Kind.ALLOCATED) {
        allocator.free(new BlockRun(piece.block(), piece.to() - piece.from()));
      }
    }
  }
}
