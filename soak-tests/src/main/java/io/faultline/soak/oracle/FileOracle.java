package io.faultline.soak.oracle;

import io.faultline.soak.oracle.Mutation.Op;
import io.faultline.soak.oracle.ReadClock.ReadTicket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What reads of one soak file may return while it is being changed.
 *
 * <p>Per sub-block of 512 bytes, a read may see a version whose mutation had begun before the read
 * ended, unless another mutation of the sub-block began after that one and was over before the read
 * began. A sub-block that was being changed during the read may be torn, byte by byte, between such
 * versions. The end of file may be anywhere between the smallest and the largest of the interval.
 *
 * <p>Mutations of overlapping ranges are serialised here, in the order asked, because the outcome
 * of two at once would be anybody's guess; mutations of disjoint ranges run together; one that may
 * move the end of file has the file to itself. All ranges of mutations are multiples of 512 bytes,
 * reads may have any.
 *
 * <p>Thread-safe. One lock per file, never held while the caller works or while bytes are decoded.
 */
public final class FileOracle {

  private static final int FORGET_ABOVE = 32;
  private static final int FINAL_READ_BYTES = 64 << 10;
  private static final int FINAL_VIOLATIONS_MAX = 16;

  private final ReadClock clock;
  private final long fileId;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final List<Mutation> inFlight = new ArrayList<>();
  private final List<Request> waiting = new ArrayList<>();
  private final SubBlockVersions versions = new SubBlockVersions();
  private final SizeVersions sizes;
  private int forgetAbove = FORGET_ABOVE;
  private long nextRequest;

  private record Request(Op op, long offset, long lengthBytes, long number) {}

  /** Reads from the file under test: the count, less than the buffer only at the end of file. */
  @FunctionalInterface
  public interface RangeReader {
    /** Fills {@code target} from {@code offset}; -1 or 0 at the end of file. */
    int read(long offset, byte[] target) throws IOException;
  }

  /**
   * Starts with a file that reads as zeros up to {@code sizeBytes}.
   *
   * @param fileId what stamps name, best the inode number
   */
  public FileOracle(ReadClock clock, long fileId, long sizeBytes) {
    requireAligned(sizeBytes);
    this.clock = clock;
    this.fileId = fileId;
    this.sizes = new SizeVersions(sizeBytes);
  }

  /** What stamps of this file name. */
  public long fileId() {
    return fileId;
  }

  /** End of file after every mutation that has ended. */
  public long sizeBytes() {
    lock.lock();
    try {
      return sizes.current();
    } finally {
      lock.unlock();
    }
  }

  // ---- mutations ----

  /**
   * Waits until no conflicting mutation is under way or was asked for earlier, then begins this
   * one.
   *
   * @param offset first byte; for a truncate the new size; ignored by an append
   * @param lengthBytes length of the range; ignored by a truncate
   * @return what to do: offset, length, and the generation to stamp with; a store is cut at the end
   *     of file, which may have moved while it waited, and may have nothing left to do
   */
  public Mutation begin(Op op, long offset, long lengthBytes) {
    requireAligned(offset);
    requireAligned(lengthBytes);
    lock.lock();
    try {
      Request request = new Request(op, offset, lengthBytes, nextRequest++);
      waiting.add(request);
      try {
        while (mustWait(request)) {
          changed.awaitUninterruptibly();
        }
        Mutation granted = plan(request, clock.tick());
        inFlight.add(granted);
        return granted;
      } finally {
        waiting.removeIf(one -> one.number == request.number);
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean mustWait(Request request) {
    Mutation wanted = plan(request, 0);
    for (Mutation other : inFlight) {
      if (conflict(wanted, other)) {
        return true;
      }
    }
    for (Request earlier : waiting) {
      if (earlier.number == request.number) {
        return false;
      }
      if (conflict(wanted, plan(earlier, 0))) {
        return true;
      }
    }
    return false;
  }

  private Mutation plan(Request request, long generation) {
    Op op = request.op;
    long size = sizes.current();
    long offset = op == Op.APPEND ? size : request.offset;
    long end = offset + request.lengthBytes;
    long length = request.lengthBytes;
    long sizeAfter = op.mayGrow() && length > 0 ? Math.max(size, end) : size;
    if (op == Op.TRUNCATE) {
      sizeAfter = offset;
      length = Math.max(0, size - offset);
    } else if (op == Op.PUNCH || op == Op.ZERO_KEEP || op == Op.STORE) {
      length = Math.max(0, Math.min(end, size) - offset);
    }
    boolean whole = op == Op.TRUNCATE || op == Op.APPEND || sizeAfter != size;
    return new Mutation(op, offset, length, generation, size, sizeAfter, whole);
  }

  private static boolean conflict(Mutation a, Mutation b) {
    return a.wholeFile()
        || b.wholeFile()
        || (a.offset() < b.offset() + b.lengthBytes() && b.offset() < a.offset() + a.lengthBytes());
  }

  /** The mutation has succeeded; whatever reads begin from now on must see it. */
  public void end(Mutation mutation) {
    end(mutation, mutation.lengthBytes());
  }

  /**
   * A write or append that was told a short count has ended: the rest may hold old or new bytes.
   *
   * @param doneBytes bytes done from the start of the range, a multiple of 512
   */
  public void end(Mutation mutation, long doneBytes) {
    requireAligned(doneBytes);
    if (doneBytes != mutation.lengthBytes()
        && (!mutation.op().stamps() || doneBytes > mutation.lengthBytes())) {
      throw new IllegalArgumentException(mutation + " cannot be done for " + doneBytes);
    }
    boolean cut = doneBytes < mutation.lengthBytes();
    long size =
        cut ? Math.max(mutation.sizeBefore(), mutation.offset() + doneBytes) : mutation.sizeAfter();
    finish(mutation, doneBytes, doneBytes == 0 && cut ? mutation.sizeBefore() : size);
  }

  /**
   * A mutation that keeps the size has failed: its range may hold old or new bytes until the next
   * success.
   *
   * @throws IllegalArgumentException if it would have moved the end of file; see {@link
   *     #fail(Mutation, long)}
   */
  public void fail(Mutation mutation) {
    if (mutation.sizeAfter() != mutation.sizeBefore()) {
      throw new IllegalArgumentException("the size after the failure is needed: " + mutation);
    }
    finish(mutation, 0, mutation.sizeBefore());
  }

  /**
   * Any mutation has failed.
   *
   * @param observedBytes the size the filesystem reports after the failure
   * @return a violation if that size is neither the old, nor the new, nor between
   */
  public Optional<Violation> fail(Mutation mutation, long observedBytes) {
    finish(mutation, 0, observedBytes);
    long least = Math.min(mutation.sizeBefore(), mutation.sizeAfter());
    long most = Math.max(mutation.sizeBefore(), mutation.sizeAfter());
    return observedBytes >= least && observedBytes <= most
        ? Optional.empty()
        : Optional.of(wrongSize(observedBytes, least + ".." + most));
  }

  private void finish(Mutation mutation, long doneBytes, long sizeBytes) {
    lock.lock();
    try {
      if (!inFlight.remove(mutation)) {
        throw new IllegalStateException("not under way: " + mutation);
      }
      long endTick = clock.tick();
      if (mutation.changesBytes()) {
        long cut = mutation.firstSubBlock() + doneBytes / Stamps.SUB_BLOCK_BYTES;
        versions.succeed(mutation.firstSubBlock(), cut, mutation.version(), endTick);
        versions.fail(cut, mutation.endSubBlock(), mutation.version());
      }
      sizes.set(sizeBytes, mutation.generation(), endTick);
      if (versions.pastCount() + sizes.pastCount() > forgetAbove) {
        long oldest = clock.oldestStart();
        versions.forget(oldest);
        sizes.forget(oldest);
        // A long read pins history; looking again at every end would cost more than it frees.
        forgetAbove = versions.pastCount() + sizes.pastCount() + FORGET_ABOVE;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  // ---- reads ----

  /** To be called before the engine is asked; the ticket goes to exactly one check or abandon. */
  public ReadTicket readStart() {
    return clock.begin();
  }

  /** The read failed with an errno; nothing is checked. */
  public void abandon(ReadTicket ticket) {
    clock.end(ticket);
  }

  /**
   * Checks what a read of {@code buffer.length} bytes at {@code offset} returned.
   *
   * @param bytesReturned the count returned; -1 counts as 0
   * @return the first violation
   */
  public Optional<Violation> check(
      ReadTicket ticket, long offset, byte[] buffer, int bytesReturned) {
    return check(ticket, offset, buffer, Math.max(0, bytesReturned), true);
  }

  /**
   * The same for a buffer whose bytes from 0 to its capacity were asked for; neither position nor
   * limit is used or moved.
   */
  public Optional<Violation> check(
      ReadTicket ticket, long offset, ByteBuffer buffer, int bytesReturned) {
    byte[] bytes = new byte[buffer.capacity()];
    buffer.duplicate().clear().get(bytes);
    return check(ticket, offset, bytes, bytesReturned);
  }

  /** Checks bytes loaded through a mapped view: past the end of file they read as zeros. */
  public Optional<Violation> checkLoad(ReadTicket ticket, long offset, byte[] buffer) {
    return check(ticket, offset, buffer, buffer.length, false);
  }

  private Optional<Violation> check(
      ReadTicket ticket, long offset, byte[] buffer, int returned, boolean bounded) {
    long readEnd = clock.now();
    try {
      List<Piece> pieces = Piece.cut(fileId, offset, buffer, returned);
      lock.lock();
      try {
        if (bounded) {
          Optional<Violation> wrongEnd =
              checkEnd(ticket.start(), readEnd, offset, buffer.length, returned);
          if (wrongEnd.isPresent()) {
            return wrongEnd;
          }
        }
        for (Piece piece : pieces) {
          if (piece.isPlainly(versions.current(piece.subBlock()), readEnd)) {
            continue;
          }
          Optional<Violation> wrong = checkPiece(ticket.start(), readEnd, piece);
          if (wrong.isPresent()) {
            return wrong;
          }
        }
        return Optional.empty();
      } finally {
        lock.unlock();
      }
    } finally {
      clock.end(ticket);
    }
  }

  private Optional<Violation> checkEnd(
      long start, long end, long offset, int requested, int returned) {
    SizeVersions.Bounds eof = sizes.bounds(start, end, inFlight);
    long reached = offset + returned;
    Violation.Kind kind;
    if (returned > 0 && reached > eof.most()) {
      kind = Violation.Kind.PAST_EOF;
    } else if (returned < requested && reached < eof.least()) {
      kind = Violation.Kind.SHORT_READ;
    } else {
      return Optional.empty();
    }
    return Optional.of(
        new Violation(
            kind,
            fileId,
            reached,
            "end:" + reached,
            "eof:" + eof.least() + ".." + eof.most(),
            OptionalLong.empty()));
  }

  private Optional<Violation> checkPiece(long start, long end, Piece piece) {
    long[] allowed = versions.allowed(piece.subBlock(), start, end, inFlight);
    if (piece.isOneOf(allowed)) {
      return Optional.empty();
    }
    if (versions.wasChanging(piece.subBlock(), start, end, inFlight) && piece.isMixOf(allowed)) {
      return Optional.empty();
    }
    return Optional.of(
        new Violation(
            piece.kind(end),
            fileId,
            piece.subBlock() * Stamps.SUB_BLOCK_BYTES + piece.skip(),
            piece.text(),
            Piece.text(allowed),
            OptionalLong.empty()));
  }

  // ---- at rest ----

  /**
   * Compares the whole file when nothing is under way: size, then every byte.
   *
   * @param sizeFromFs the size the filesystem reports
   * @return the violations, at most 16
   * @throws IllegalStateException while a mutation is under way
   */
  public List<Violation> finalCheck(long sizeFromFs, RangeReader reader) throws IOException {
    lock.lock();
    try {
      if (!inFlight.isEmpty()) {
        throw new IllegalStateException("not at rest: " + inFlight);
      }
    } finally {
      lock.unlock();
    }
    List<Violation> found = new ArrayList<>();
    long size = sizeBytes();
    if (sizeFromFs != size) {
      found.add(wrongSize(sizeFromFs, Long.toString(size)));
    }
    // The last read begins at the end of file, where nothing may come.
    for (long at = 0; at <= size && found.size() < FINAL_VIOLATIONS_MAX; at += FINAL_READ_BYTES) {
      byte[] buffer = new byte[FINAL_READ_BYTES];
      ReadTicket ticket = readStart();
      int returned;
      try {
        returned = reader.read(at, buffer);
      } catch (IOException | RuntimeException e) {
        abandon(ticket);
        throw e;
      }
      check(ticket, at, buffer, returned).ifPresent(found::add);
    }
    return List.copyOf(found);
  }

  private Violation wrongSize(long saw, String allowed) {
    return new Violation(
        Violation.Kind.WRONG_SIZE,
        fileId,
        saw,
        "size:" + saw,
        "size:" + allowed,
        OptionalLong.empty());
  }

  private static void requireAligned(long value) {
    if (value < 0 || value % Stamps.SUB_BLOCK_BYTES != 0) {
      throw new IllegalArgumentException(value + " is not a multiple of 512");
    }
  }
}
