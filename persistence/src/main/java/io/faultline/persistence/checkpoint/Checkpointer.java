package io.faultline.persistence.checkpoint;

import io.faultline.engine.device.JournalStore;
import io.faultline.engine.journal.EventSize;
import io.faultline.engine.journal.TransactionLog;
import io.faultline.engine.journal.Tx;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes checkpoints of a volume while it runs, and drops what they make superfluous. It reads the
 * older checkpoint and the journal's files and asks the volume for nothing: no lock of the engine
 * is taken, and a commit only adds to a counter here.
 *
 * <table>
 *   <caption>States</caption>
 *   <tr><td>idle</td><td>enough became durable since the last one</td><td>writing</td></tr>
 *   <tr><td>writing</td><td>written and still enough left</td><td>writing</td></tr>
 *   <tr><td>writing</td><td>written, or failed</td><td>idle</td></tr>
 *   <tr><td>any</td><td>{@link #close}: the one under way ends</td><td>closed</td></tr>
 * </table>
 *
 * <p>A volume in which nothing happens writes none. A failure is told once and costs the volume
 * nothing but a longer journal; the next attempt comes when as much again has become durable.
 *
 * <p>Thread-safe. The writing happens on a platform thread that lives as long as it takes.
 */
public final class Checkpointer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Checkpointer.class);

  /**
   * When one is taken and what is kept. Since a checkpoint costs as much as the volume has inodes,
   * a volume of very many takes them further apart: an event pays for at most four inodes.
   *
   * @param events since the last one, or a quarter as many as there are inodes if that is more
   * @param bytes of events since the last one (as {@link EventSize} estimates them), or 64 for each
   *     inode if that is more; whichever of the two limits is met first
   */
  public record Options(long events, long bytes, Keep keep) {
    /**
     * So many are replayed in about a quarter of a second, so that any moment is reached within a
     * second, the state of a million inodes included. Events with many extents take longer each,
     * hence the second limit, which is the size of a segment.
     */
    public static final long EVENTS = 250_000;

    /** See {@link #EVENTS}. */
    public static final long BYTES = 64L << 20;

    public Options {
      if (events < 1 || bytes < 1) {
        throw new IllegalArgumentException("checkpoints every " + events + ", " + bytes);
      }
    }

    /** The usual distances. */
    public static Options keeping(Keep keep) {
      return new Options(EVENTS, BYTES, keep);
    }
  }

  private static final int INODES_PER_EVENT = 4;
  private static final int EVENT_BYTES_PER_INODE = 64;

  /**
   * A long catching-up is done in steps of this many distances: for the sake of memory, and because
   * whoever asks for a moment between two checkpoints replays up to so much.
   */
  private static final int DISTANCES_PER_STEP = 2;

  private final EngineRuntime runtime;
  private final CheckpointStore checkpoints;
  private final Options options;
  private final CheckpointMerge merge;
  private final Retention retention;

  // Guarded by this.
  private long durableLsn;
  private long events;
  private long bytes;
  private long inodes;
  private long written;
  private long droppedSegments;
  private boolean closed;
  private @Nullable CompletableFuture<Void> writing;

  /**
   * Begins with an open volume.
   *
   * @param durableLsn its newest transaction
   * @param tailEvents how many events recovery found behind the newest checkpoint
   * @param inodes how many the volume has, about
   */
  public Checkpointer(
      EngineRuntime runtime,
      JournalStore journal,
      CheckpointStore checkpoints,
      VolumeIdentity identity,
      Options options,
      long durableLsn,
      long tailEvents,
      long inodes) {
    this(
        runtime, journal, checkpoints, identity, options, durableLsn, tailEvents, inodes, Set.of());
  }

  Checkpointer(
      EngineRuntime runtime,
      JournalStore journal,
      CheckpointStore checkpoints,
      VolumeIdentity identity,
      Options options,
      long durableLsn,
      long tailEvents,
      long inodes,
      Set<CheckpointMutant> mutants) {
    this.runtime = runtime;
    this.checkpoints = checkpoints;
    this.options = options;
    this.merge = new CheckpointMerge(journal, checkpoints, identity, mutants);
    this.retention = new Retention(journal, checkpoints, identity, options.keep(), mutants);
    this.durableLsn = durableLsn;
    this.events = tailEvents;
    this.inodes = inodes;
  }

  /** {@code log} with what becomes durable in it counted. */
  public TransactionLog counting(TransactionLog log) {
    return tx -> log.persist(tx).thenRun(() -> durable(tx));
  }

  private void durable(Tx tx) {
    boolean begin;
    synchronized (this) {
      durableLsn = tx.lsn();
      events += tx.events().size();
      bytes += EventSize.upperBoundBytes(tx.events());
      begin = due() && !closed && writing == null;
      if (begin) {
        writing = new CompletableFuture<>();
      }
    }
    if (begin) {
      runtime.forkPlatform("faultline-checkpoint", this::writeWhileDue);
    }
  }

  /** Called with the lock held. */
  private boolean due() {
    return events >= distance()
        || bytes >= Math.max(options.bytes(), inodes * EVENT_BYTES_PER_INODE);
  }

  /** In events. Called with the lock held. */
  private long distance() {
    return Math.max(options.events(), inodes / INODES_PER_EVENT);
  }

  private void writeWhileDue() {
    try {
      while (writeIfDue()) {
        // As long as commits are faster than this.
      }
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      // Memory too: the heap may be too small for one giant directory beside the volume's own.
      LOG.warn("no checkpoint was written: {}", e.getMessage());
      synchronized (this) {
        events = 0;
        bytes = 0;
      }
    } finally {
      CompletableFuture<Void> done;
      synchronized (this) {
        done = writing;
        writing = null;
      }
      if (done != null) {
        done.complete(null);
      }
    }
  }

  private boolean writeIfDue() throws IOException {
    long upTo;
    long eventsMax;
    synchronized (this) {
      if (!due()) {
        return false;
      }
      upTo = durableLsn;
      eventsMax = DISTANCES_PER_STEP * distance();
      bytes = 0;
    }
    CheckpointMerge.Made made = write(upTo, eventsMax);
    int dropped = retention.run(runtime.wallNanos());
    synchronized (this) {
      // What was counted and what was read can differ only if a failure reset the count.
      events = made.events() == 0 ? 0 : Math.max(0, events - made.events());
      inodes = made.inodes() == 0 ? inodes : made.inodes();
      written++;
      droppedSegments += dropped;
      // A long catching-up goes on where it is when the volume is opened again.
      return !closed;
    }
  }

  /** From the newest checkpoint that is whole; without one from the beginning of the journal. */
  private CheckpointMerge.Made write(long upTo, long eventsMax) throws IOException {
    for (long base : checkpoints.list().reversed()) {
      if (base <= upTo) {
        try {
          return merge.run(new CheckpointMerge.Step(Optional.of(base), upTo, eventsMax));
        } catch (DamagedCheckpointException e) {
          LOG.warn("{}", e.getMessage());
        }
      }
    }
    return merge.run(new CheckpointMerge.Step(Optional.empty(), upTo, eventsMax));
  }

  /** Checkpoints written since this began. */
  public synchronized long written() {
    return written;
  }

  /** Segments dropped since this began. */
  public synchronized long droppedSegments() {
    return droppedSegments;
  }

  /** Returns when none is being written. */
  public void awaitIdle() {
    CompletableFuture<Void> under;
    synchronized (this) {
      under = writing;
    }
    if (under != null) {
      under.join();
    }
  }

  /** The transactions there is a checkpoint for, ascending. */
  public List<Long> stored() throws IOException {
    return checkpoints.list();
  }

  /**
   * Lets the checkpoint under way end and takes no more. The journal must not be closed to readers
   * before this returns.
   */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    awaitIdle();
  }
}
