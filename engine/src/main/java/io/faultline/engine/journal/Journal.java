package io.faultline.engine.journal;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.Event;
import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockRank;
import io.faultline.engine.lock.LockWait;
import io.faultline.engine.runtime.Barrier;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The running transaction of a volume and the committer that makes it durable, in jbd2's shape.
 *
 * <pre>
 *  append ──► RUNNING ──close──► COMMITTING ──► DURABLE
 *             LSN n+1            LSN n: image flush, persist, listener, waiters
 * </pre>
 *
 * <p>At most one transaction runs and at most one is being committed; commit n + 1 begins after n
 * is durable (rule R13). So every caller that asks for durability while n is being committed shares
 * commit n + 1. Those who were released by n and come back at once would miss it by a little, so
 * commit n + 1 waits for them ({@link CommitGather}).
 *
 * <p><b>Why a commit begins.</b> Somebody waits for the running transaction, it is full, it became
 * {@code commitIntervalNanos} old, or the journal closes. An empty running transaction arms no
 * timer; an idle journal does nothing at all.
 *
 * <p><b>Threads.</b> All methods are thread-safe. A commit runs on the committer's own thread, or
 * on that of a caller of {@link #commitUpTo} who finds none in flight, and takes no lock but this
 * class's own short one, which is a leaf; flush, log and listener are called without it (rule R10).
 * {@code append} may be called under inode-state locks (rule R7), even while it waits for room,
 * because a commit never needs one.
 *
 * <p><b>Failure.</b> A failed flush or persist leaves the fate of its transaction unknown. It is
 * never retried: a second fsync after a failed one may succeed without the data. All that wait for
 * durability, now or later, get EIO; {@code append} gets EROFS for ever.
 */
public final class Journal implements AutoCloseable {
  /** Makes the data that a transaction's mappings point at durable before the transaction is. */
  public interface ImageFlush {
    /** Flushes all image writes that had completed when it was called. */
    void flush() throws IOException;
  }

  /** Hears of every transaction, on the committing thread; takes only allocation-group locks. */
  public interface Listener {
    /** {@code tx} is durable: the blocks it freed may be used again. Waiters are still waiting. */
    void durable(Tx tx);

    /** The journal accepts nothing more. Called once. */
    void failed(Throwable cause);
  }

  /**
   * Limits of a journal.
   *
   * @param commitIntervalNanos how old a transaction may become before it is committed unasked;
   *     what a power cut can cost at most (rule R24)
   * @param txBytesMax how large a transaction grows before the next batch has to wait; a batch that
   *     is larger on its own gets a transaction of its own
   */
  public record Options(long commitIntervalNanos, int txBytesMax) {
    public Options {
      if (commitIntervalNanos <= 0 || txBytesMax <= 0) {
        throw new IllegalArgumentException("journal " + commitIntervalNanos + ", " + txBytesMax);
      }
    }

    public static Options defaults() {
      return new Options(TimeUnit.SECONDS.toNanos(5), 1 << 20);
    }
  }

  /** A transaction before it is a {@link Tx}. Guarded by {@link #lock} until it is closed. */
  private static final class Pending {
    final long lsn;
    final List<Event> events = new ArrayList<>();
    final CompletableFuture<Void> durable = new CompletableFuture<>();
    long bytes;
    boolean wanted;

    /** Somebody waits for room. */
    boolean full;

    /** Callers that wait for it. */
    int joined;

    EngineRuntime.@Nullable Timer timer;

    Pending(long lsn) {
      this.lsn = lsn;
    }
  }

  private final EngineRuntime runtime;
  private final TransactionLog log;
  private final long epoch;
  private final ImageFlush flush;
  private final Listener listener;
  private final Options options;
  private final Set<JournalMutant> mutants;

  private final ReentrantLock lock = new ReentrantLock();

  /** Signalled when the committer has something to do. */
  private final Condition work = lock.newCondition();

  /** Signalled when the running transaction became empty, or never will. */
  private final Condition room = lock.newCondition();

  // Guarded by lock.
  private Pending running;
  private @Nullable Pending committing;
  private final CommitGather gather;
  private boolean closing;
  private @Nullable Throwable failure;

  private volatile long durableLsn;
  private final CompletableFuture<Void> stopped = new CompletableFuture<>();

  /**
   * A journal that goes on behind {@code lastLsn}; its committer starts at once.
   *
   * @param epoch goes into every transaction
   * @param lastLsn the newest transaction of {@code log}, 0 if it has none
   */
  public Journal(
      EngineRuntime runtime,
      TransactionLog log,
      long epoch,
      long lastLsn,
      ImageFlush flush,
      Listener listener,
      Options options) {
    this(runtime, log, epoch, lastLsn, flush, listener, options, Set.of());
  }

  Journal(
      EngineRuntime runtime,
      TransactionLog log,
      long epoch,
      long lastLsn,
      ImageFlush flush,
      Listener listener,
      Options options,
      Set<JournalMutant> mutants) {
    this.runtime = runtime;
    this.log = log;
    this.epoch = epoch;
    this.flush = flush;
    this.listener = listener;
    this.options = options;
    this.mutants = mutants;
    this.gather = new CommitGather(runtime, lock);
    this.durableLsn = lastLsn;
    this.running = new Pending(lastLsn + 1);
    runtime.forkPlatform("faultline-committer", this::commitUntilClosed);
  }

  /**
   * Adds {@code batch} to the running transaction, all or nothing, and tells which one that is. The
   * events of one transaction become durable together. Waits while the running transaction has no
   * room for the batch.
   *
   * @return the LSN to hand to {@link #awaitDurable}
   * @throws FsException EROFS when the journal has failed or is closed; nothing was added
   */
  public long append(List<Event> batch) throws FsException {
    if (batch.isEmpty()) {
      throw new IllegalArgumentException("an empty batch");
    }
    if (Mutant.B25_BATCH_TORN.on() && batch.size() > 1) {
      append(batch.subList(0, 1));
      Yield.at(YieldPoint.SPIN);
      return append(batch.subList(1, batch.size()));
    }
    long bytes = EventSize.upperBoundBytes(batch);
    LockOrder.acquired(LockRank.RUNNING_TRANSACTION, 0);
    lock.lock();
    try {
      while (!admits(bytes)) {
        // The wait gives the lock up: it is no chain from here to the committer.
        LockOrder.released(LockRank.RUNNING_TRANSACTION, 0);
        LockOrder.waits(LockWait.TRANSACTION_ROOM);
        waitForRoom();
        LockOrder.acquired(LockRank.RUNNING_TRANSACTION, 0);
      }
      Pending tx = running;
      if (tx.events.isEmpty()) {
        // Only now: a timer that was armed for an empty transaction would tick for ever.
        long lsn = tx.lsn;
        tx.timer = runtime.schedule(options.commitIntervalNanos(), () -> want(lsn));
      }
      tx.events.addAll(batch);
      tx.bytes += bytes;
      return tx.lsn;
    } finally {
      lock.unlock();
      LockOrder.released(LockRank.RUNNING_TRANSACTION, 0);
    }
  }

  /** Whether the running transaction takes {@code bytes} more. Throws when it takes nothing. */
  private boolean admits(long bytes) throws FsException {
    if (failure != null) {
      throw new FsException(
          Errno.EROFS, "append", FsException.NONE, "the journal has failed", failure);
    }
    if (closing) {
      throw new FsException(Errno.EROFS, "append", "the journal is closed");
    }
    return running.events.isEmpty()
        || running.bytes + bytes <= options.txBytesMax()
        || mutants.contains(JournalMutant.NO_ROOM_LIMIT);
  }

  private void waitForRoom() {
    Pending full = running;
    full.wanted = true;
    work.signal();
    full.full = true;
    gather.hurry();
    if (Yield.SIMULATION) {
      lock.unlock();
      Yield.at(YieldPoint.ROOM_WAIT, 0, full.lsn);
      lock.lock();
    }
    while (running.lsn == full.lsn && failure == null && !closing) {
      room.awaitUninterruptibly();
    }
  }

  /** The LSN that the next batch gets if it is admitted at once. */
  public long runningLsn() {
    lock.lock();
    try {
      return running.lsn;
    } finally {
      lock.unlock();
    }
  }

  /** Events of transactions that are not durable, or whose listener has not returned yet. */
  public List<Event> undurable() {
    lock.lock();
    try {
      List<Event> events = new ArrayList<>();
      if (committing != null) {
        events.addAll(committing.events);
      }
      events.addAll(running.events);
      return events;
    } finally {
      lock.unlock();
    }
  }

  /** Every transaction up to this one is durable and its listener has heard so. */
  public long durableLsn() {
    return durableLsn;
  }

  /**
   * Returns when everything that was appended up to transaction {@code lsn} is durable; asks for a
   * commit when that transaction still runs, joins the commit in flight when it does not. Not
   * interruptible, as fsync(2) is not.
   *
   * @throws FsException EIO when that commit failed, now or earlier
   */
  public void awaitDurable(long lsn) throws FsException {
    if (lsn <= durableLsn) {
      return;
    }
    CompletableFuture<Void> durable = durableFuture(lsn);
    if (!durable.isDone()) {
      LockOrder.waits(LockWait.COMMIT);
      Yield.at(YieldPoint.COMMIT_WAIT, 0, lsn);
    }
    try {
      durable.join();
    } catch (CompletionException e) {
      throw lost(lsn, e.getCause() == null ? e : e.getCause());
    }
  }

  /**
   * As {@link #awaitDurable}, for a caller that holds no lock: when no commit is in flight it
   * commits on its own thread, instead of waking the committer and being woken itself.
   *
   * @throws FsException EIO when that commit failed, now or earlier
   */
  public void commitUpTo(long lsn) throws FsException {
    Pending own = lsn <= durableLsn ? null : takeForCaller(lsn);
    if (own != null) {
      LockOrder.waits(LockWait.COMMIT);
      commitForCaller(own);
    }
    awaitDurable(lsn);
  }

  /** Makes everything appended so far durable; does nothing when it is already. */
  public void commitAll() throws FsException {
    awaitDurable(runningLsn());
  }

  /**
   * As {@link #awaitDurable}, without waiting. Its dependents never run on the committer's thread;
   * it fails with {@link FsException} EIO.
   */
  public CompletableFuture<Void> durable(long lsn) {
    return durableFuture(lsn)
        .handleAsync(
            (ignored, failed) -> {
              if (failed != null) {
                throw new CompletionException(lost(lsn, failed));
              }
              return null;
            },
            task -> runtime.fork("faultline-durable", task));
  }

  private static FsException lost(long lsn, Throwable cause) {
    return new FsException(
        Errno.EIO,
        "commit",
        FsException.NONE,
        "transaction " + lsn + " is not durable: " + cause.getMessage(),
        cause);
  }

  private CompletableFuture<Void> durableFuture(long lsn) {
    lock.lock();
    try {
      if (lsn > running.lsn) {
        throw new IllegalArgumentException("transaction " + lsn + " has not begun");
      }
      if (lsn == running.lsn && !running.events.isEmpty()) {
        if (failure == null) {
          running.wanted = true;
          join(running);
        }
        return running.durable;
      }
      // Either that transaction is in flight, or it is empty and what precedes it may be.
      if (lsn <= durableLsn) {
        return CompletableFuture.completedFuture(null);
      }
      if (committing != null) {
        committing.joined++;
        return committing.durable;
      }
      if (failure != null && durableLsn + 1 < running.lsn) {
        return CompletableFuture.failedFuture(failure);
      }
      return CompletableFuture.completedFuture(null);
    } finally {
      lock.unlock();
    }
  }

  /** One more waits for the running transaction. Under the lock. */
  private void join(Pending tx) {
    tx.joined++;
    if (gather.waiting()) {
      gather.joined(tx.joined);
    } else {
      work.signal();
    }
  }

  /** Asks for a commit of transaction {@code lsn} if it still runs. */
  private void want(long lsn) {
    lock.lock();
    try {
      if (running.lsn == lsn) {
        running.wanted = true;
        work.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** The running transaction, if {@code lsn} is its and no commit is in flight. */
  private @Nullable Pending takeForCaller(long lsn) {
    // A commit's system calls would hold on to the thread that carries a virtual one.
    boolean carried = Thread.currentThread().isVirtual() && !runtime.simulated();
    if (carried || Mutant.B22_REPLY_BEFORE_DURABLE.on()) {
      return null;
    }
    lock.lock();
    try {
      boolean free = failure == null && committing == null && !gather.waiting() && !closing;
      if (!free || lsn != running.lsn || running.events.isEmpty()) {
        return null;
      }
      running.joined++;
      return gatherAndBegin();
    } finally {
      lock.unlock();
    }
  }

  private void commitForCaller(Pending tx) {
    try {
      commitOwing(tx);
    } catch (Throwable t) {
      fail(t);
      throw t;
    } finally {
      lock.lock();
      try {
        if (running.wanted || closing || failure != null) {
          work.signal();
        }
      } finally {
        lock.unlock();
      }
    }
  }

  private void commitOwing(Pending tx) {
    LockOrder.owes(LockWait.TRANSACTION_ROOM);
    LockOrder.owes(LockWait.COMMIT);
    try {
      commit(tx);
    } finally {
      LockOrder.paid(LockWait.COMMIT);
      LockOrder.paid(LockWait.TRANSACTION_ROOM);
    }
  }

  private void commitUntilClosed() {
    try {
      for (Pending tx = nextToCommit(); tx != null; tx = nextToCommit()) {
        commitOwing(tx);
      }
      stopped.complete(null);
    } catch (Throwable t) {
      // Engine or listener is broken. Nobody may be left waiting for a thread that is gone.
      fail(t);
      stopped.complete(null);
    }
  }

  /** Waits for a reason to commit and closes the running transaction; null ends the committer. */
  private @Nullable Pending nextToCommit() {
    lock.lock();
    try {
      while (true) {
        if (failure != null) {
          return null;
        }
        // One commit in flight: another may be a caller's.
        boolean callers = committing != null || gather.waiting();
        if (!callers || mutants.contains(JournalMutant.COMMITTER_IGNORES_CALLERS)) {
          if (closing && running.events.isEmpty()) {
            return null;
          }
          if (!running.events.isEmpty() && (running.wanted || closing)) {
            return gatherAndBegin();
          }
        }
        work.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Gives callers time to join, then closes the running transaction. Under the lock. */
  private Pending gatherAndBegin() {
    Pending tx = running;
    if (!mutants.contains(JournalMutant.NO_GATHER)) {
      gather.await(() -> tx.joined, () -> tx.full || closing);
    }
    return beginCommit();
  }

  /** Closes the running transaction. Under the lock. */
  private Pending beginCommit() {
    Pending tx = running;
    if (tx.timer != null) {
      tx.timer.cancel();
    }
    committing = tx;
    running = new Pending(tx.lsn + 1);
    room.signalAll();
    return tx;
  }

  /** Rule R13, in its order. */
  private void commit(Pending pending) {
    Tx tx = new Tx(pending.lsn, epoch, pending.events);
    long began = runtime.nanoTime();
    Yield.at(YieldPoint.COMMIT_CLOSED, 0, tx.lsn());
    LockOrder.assertNoneOutside(LockRank.ALLOCATION_GROUP, "commit");
    if (mutants.contains(JournalMutant.COMPLETE_BEFORE_DURABLE)
        || Mutant.B22_REPLY_BEFORE_DURABLE.on()) {
      pending.durable.complete(null);
    }
    try {
      if (mutants.contains(JournalMutant.PERSIST_BEFORE_FLUSH)
          || Mutant.M17_METADATA_BEFORE_DATA.on()) {
        persist(tx);
        flush.flush();
      } else {
        if (!Barrier.COMMIT_IMAGE_FLUSH.omitted()) {
          flush.flush();
        }
        Yield.at(YieldPoint.COMMIT_FLUSHED, 0, tx.lsn());
        persist(tx);
      }
    } catch (Throwable t) {
      fail(t instanceof CompletionException && t.getCause() != null ? t.getCause() : t);
      return;
    }
    Yield.at(YieldPoint.COMMIT_DURABLE, 0, tx.lsn());
    // Before anybody may see the new durableLsn: who waits for space has to find it.
    listener.durable(tx);
    lock.lock();
    try {
      durableLsn = tx.lsn();
      committing = null;
      gather.committed(pending.joined, running.joined, runtime.nanoTime() - began);
    } finally {
      lock.unlock();
    }
    pending.durable.complete(null);
  }

  private void persist(Tx tx) {
    CompletableFuture<Void> persisted = log.persist(tx).toCompletableFuture();
    if (mutants.contains(JournalMutant.OVERLAPPING_COMMITS)
        || Barrier.COMMIT_RECORD_WAIT.omitted()) {
      return;
    }
    try {
      persisted.join();
    } catch (CompletionException e) {
      if (!mutants.contains(JournalMutant.RETRY_AFTER_FAILURE)) {
        throw e;
      }
      log.persist(tx).toCompletableFuture().join();
    }
  }

  private void fail(Throwable cause) {
    List<Pending> lost = new ArrayList<>();
    lock.lock();
    try {
      if (failure != null) {
        return;
      }
      failure = cause;
      if (committing != null) {
        lost.add(committing);
      }
      lost.add(running);
      if (running.timer != null) {
        running.timer.cancel();
      }
      committing = null;
      room.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      listener.failed(cause);
    } finally {
      lost.forEach(tx -> tx.durable.completeExceptionally(cause));
    }
  }

  /**
   * Commits what was appended and ends the committer. A second call waits for the same end.
   *
   * @throws FsException EIO when something appended did not become durable
   */
  @Override
  public void close() throws FsException {
    lock.lock();
    try {
      closing = true;
      work.signal();
      gather.hurry();
      room.signalAll();
    } finally {
      lock.unlock();
    }
    stopped.join();
    Throwable cause;
    long newest;
    lock.lock();
    try {
      cause = failure;
      newest = running.events.isEmpty() ? running.lsn - 1 : running.lsn;
    } finally {
      lock.unlock();
    }
    if (cause != null) {
      throw lost(newest, cause);
    }
  }
}
