package io.faultline.engine.device;

import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request to a {@link BlockDevice}: contiguous on the device, scattered in memory.
 *
 * <p>A read or write moves {@code pieces} pieces of {@value #PIECE_BYTES} bytes; piece <i>i</i> is
 * device bytes [deviceOffset + i·4096, deviceOffset + (i+1)·4096) and memory bytes [pieceOffset(i),
 * pieceOffset(i) + 4096). The memory and the offsets array belong to the device from submission to
 * completion and must not be changed or freed.
 *
 * <table>
 * <caption>States (one word, changed by compare-and-set)</caption>
 * <tr><th>state</th><th>trigger</th><th>next</th></tr>
 * <tr><td>pending</td><td>first {@link #complete}</td><td>claimed, then completing: the handler
 *     runs in the completing thread</td></tr>
 * <tr><td>completing</td><td>handler returned or threw</td><td>done: waiters are woken</td></tr>
 * <tr><td>claimed, completing, done</td><td>another {@code complete}</td><td>{@link
 *     IllegalStateException}</td></tr>
 * </table>
 *
 * <p>So {@link #await} returns only after the handler has run, and whoever waited sees what the
 * handler published. A request is used once. Safe for any number of waiting threads; setters belong
 * to the thread that submits.
 */
public final class Io {
  /** Bytes in one piece: the engine's page and block size. */
  public static final int PIECE_BYTES = 4096;

  /** What a request asks for. */
  public enum Op {
    /** Device to memory. */
    READ,
    /** Memory to device; durable only after a later flush succeeded. */
    WRITE,
    /** Makes every write that completed before this request was submitted durable. */
    FLUSH,
    /** Advice that a range is unused; until written again it reads as old bytes or as zeros. */
    DISCARD
  }

  private static final int PENDING = 0;
  private static final int CLAIMED = 1;
  private static final int COMPLETING = 2;
  private static final int DONE = 3;

  /** A thread parked in {@link #await}; a list because several may wait for one fill. */
  private static final class Waiter {
    final @Nullable Thread thread;
    final @Nullable Waiter next;

    Waiter(@Nullable Thread thread, @Nullable Waiter next) {
      this.thread = thread;
      this.next = next;
    }
  }

  private static final VarHandle STATE;
  private static final VarHandle WAITERS;
  private static final Waiter CLOSED_LIST = new Waiter(null, null);
  private static final long[] NO_OFFSETS = {};

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      STATE = lookup.findVarHandle(Io.class, "state", int.class);
      WAITERS = lookup.findVarHandle(Io.class, "waiters", Waiter.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Op op;
  private final long deviceOffset;
  private final long lengthBytes;
  private final MemorySegment memory;
  private final long[] pieceOffsets;
  private final int pieces;
  private @Nullable Consumer<Io> onDone;
  private @Nullable IOException failure; // written before DONE/COMPLETING is published
  private volatile int state;
  private volatile @Nullable Waiter waiters;

  private Io(
      Op op,
      long deviceOffset,
      long lengthBytes,
      MemorySegment memory,
      long[] pieceOffsets,
      int pieces) {
    this.op = op;
    this.deviceOffset = deviceOffset;
    this.lengthBytes = lengthBytes;
    this.memory = memory;
    this.pieceOffsets = pieceOffsets;
    this.pieces = pieces;
  }

  /** A read of {@code pieces} pieces from {@code deviceOffset} bytes into {@code memory}. */
  public static Io read(long deviceOffset, MemorySegment memory, long[] pieceOffsets, int pieces) {
    return transfer(Op.READ, deviceOffset, memory, pieceOffsets, pieces);
  }

  /** A write of {@code pieces} pieces of {@code memory} to {@code deviceOffset} bytes. */
  public static Io write(long deviceOffset, MemorySegment memory, long[] pieceOffsets, int pieces) {
    return transfer(Op.WRITE, deviceOffset, memory, pieceOffsets, pieces);
  }

  /** A barrier for everything that completed before its submission. */
  public static Io flush() {
    return new Io(Op.FLUSH, 0, 0, MemorySegment.NULL, NO_OFFSETS, 0);
  }

  /** Advice that device bytes [offset, offset + length) are unused. */
  public static Io discard(long offset, long length) {
    if (length < 0) {
      throw new IllegalArgumentException("discard of negative length " + length);
    }
    return new Io(Op.DISCARD, offset, length, MemorySegment.NULL, NO_OFFSETS, 0);
  }

  private static Io transfer(
      Op op, long deviceOffset, MemorySegment memory, long[] pieceOffsets, int pieces) {
    if (pieces <= 0 || pieces > pieceOffsets.length) {
      throw new IllegalArgumentException(
          op + " of " + pieces + " pieces with " + pieceOffsets.length + " offsets");
    }
    if (op == Op.READ && memory.isReadOnly()) {
      throw new IllegalArgumentException("read into read-only memory " + memory);
    }
    for (int i = 0; i < pieces; i++) {
      Objects.checkFromIndexSize(pieceOffsets[i], PIECE_BYTES, memory.byteSize());
    }
    return new Io(op, deviceOffset, (long) pieces * PIECE_BYTES, memory, pieceOffsets, pieces);
  }

  /**
   * The same request, fresh: a device that wraps another submits this and completes the original
   * itself.
   */
  public Io again() {
    return new Io(op, deviceOffset, lengthBytes, memory, pieceOffsets, pieces);
  }

  /** What is asked for. */
  public Op op() {
    return op;
  }

  /** First device byte; 0 for a flush. */
  public long deviceOffset() {
    return deviceOffset;
  }

  /** Bytes on the device; 0 for a flush. */
  public long lengthBytes() {
    return lengthBytes;
  }

  /** The memory that pieces lie in; {@link MemorySegment#NULL} for flush and discard. */
  public MemorySegment memory() {
    return memory;
  }

  /** Where piece {@code i} begins in {@link #memory()}, bytes. */
  public long pieceOffset(int i) {
    return pieceOffsets[Objects.checkIndex(i, pieces)];
  }

  /** Number of pieces; 0 for flush and discard. */
  public int pieces() {
    return pieces;
  }

  /**
   * Sets what runs once at completion, in whatever thread completes. It must not block, must not
   * take a lock that is outside the inode-state lock, and must not throw. To be set before
   * submission, at most once.
   */
  public Io onDone(Consumer<Io> handler) {
    if (onDone != null) {
      throw new IllegalStateException("a second completion handler for " + this);
    }
    if (state != PENDING) {
      throw new IllegalStateException("a completion handler after completion of " + this);
    }
    onDone = handler;
    return this;
  }

  /**
   * Why it failed, or null when it succeeded. Meaningful in the handler and after {@link #await}.
   */
  public @Nullable IOException failure() {
    if (state < COMPLETING) {
      throw new IllegalStateException("outcome asked before completion of " + this);
    }
    return failure;
  }

  /** Whether it is over, handler included. */
  public boolean isDone() {
    return state == DONE;
  }

  /**
   * Parks until completion. Not interruptible: a half-done transfer cannot be abandoned because its
   * memory is still in use. An interrupt that arrives meanwhile is kept for the caller.
   *
   * @throws IOException the failure, wrapped so that every waiter gets its own stack
   */
  public void await() throws IOException {
    if (state != DONE) {
      park();
    }
    IOException why = failure;
    if (why != null) {
      throw new IOException(why.getMessage(), why);
    }
  }

  private void park() {
    if (!enlist()) {
      return;
    }
    boolean interrupted = false;
    while (state != DONE) {
      Yield.at(YieldPoint.IO_WAIT);
      LockSupport.park(this);
      // A set flag makes park return at once: take it down, or this loop would burn the core.
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean enlist() {
    Thread self = Thread.currentThread();
    while (true) {
      Waiter head = waiters;
      if (head == CLOSED_LIST) {
        return false;
      }
      if (WAITERS.compareAndSet(this, head, new Waiter(self, head))) {
        return true;
      }
    }
  }

  /**
   * For devices: ends the request. Runs the handler, then wakes the waiters.
   *
   * @param why the failure, or null for success
   * @throws IllegalStateException on a second completion; the first outcome stands
   */
  public void complete(@Nullable IOException why) {
    // Claimed first, so that of two racing completions only the winner writes the outcome.
    if (!STATE.compareAndSet(this, PENDING, CLAIMED)) {
      throw new IllegalStateException("completed twice: " + this);
    }
    failure = why;
    STATE.setRelease(this, COMPLETING);
    try {
      if (onDone != null) {
        onDone.accept(this);
      }
    } finally {
      STATE.setVolatile(this, DONE);
      Waiter list = (Waiter) WAITERS.getAndSet(this, CLOSED_LIST);
      for (Waiter w = list; w != null; w = w.next) {
        LockSupport.unpark(w.thread);
      }
    }
  }

  @Override
  public String toString() {
    return op == Op.FLUSH ? "FLUSH" : op + "[" + deviceOffset + ", +" + lengthBytes + ")";
  }
}
