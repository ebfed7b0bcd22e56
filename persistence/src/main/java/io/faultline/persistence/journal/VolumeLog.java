package io.faultline.persistence.journal;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import io.faultline.engine.device.JournalStore;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.TransactionLog;
import io.faultline.engine.journal.Tx;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.persistence.checkpoint.RecoveryPoint;
import io.faultline.persistence.segment.SegmentLog;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The journal of an open volume: its event-sourced behaviour, and under it whichever journal plugin
 * was asked for. Opening it is the volume's recovery.
 *
 * <p>{@link #persist} answers every transaction: durable, or failed once the plugin failed or
 * rejected it, its circuit breaker opened, or the behaviour stopped for any reason. After the first
 * failure nothing is accepted (rule R13). Thread-safe.
 */
public final class VolumeLog implements TransactionLog, AutoCloseable {
  /**
   * A volume's state as its journal tells it.
   *
   * @param table all inodes
   * @param lastLsn the newest transaction, 0 for a new volume
   * @param tailEvents how many events came from the journal and not from a checkpoint
   * @param log where the next ones go
   */
  public record Recovered(InodeTable table, long lastLsn, long tailEvents, VolumeLog log) {}

  /** Actor names must differ within a system, and a volume can be opened more than once. */
  private static final AtomicLong OPENINGS = new AtomicLong();

  private final String persistenceId;
  private final OpenJournals journals;
  private final @Nullable SegmentLog segments;
  private final CompletableFuture<Void> stopped = new CompletableFuture<>();

  // Guarded by this.
  private @Nullable ActorRef<VolumeCommand> actor;
  private @Nullable CompletableFuture<Void> outstanding;
  private @Nullable Throwable end;

  private VolumeLog(String persistenceId, OpenJournals journals, @Nullable SegmentLog segments) {
    this.persistenceId = persistenceId;
    this.journals = journals;
    this.segments = segments;
  }

  /** As the other one, for a volume without checkpoints. */
  public static Recovered open(
      ActorSystem<?> system,
      EngineRuntime runtime,
      VolumeIdentity identity,
      JournalStore store,
      String journalPluginId)
      throws IOException {
    return open(system, runtime, identity, store, RecoveryPoint.beginning(), journalPluginId);
  }

  /**
   * Recovers a volume; waits for it.
   *
   * @param system configured with {@link JournalConfig#overrides}
   * @param store the volume's journal files; unused unless the plugin is our own
   * @param start what to begin with; its table belongs to the recovery from now on
   * @param journalPluginId {@link JournalConfig#PLUGIN_ID} or any other Akka journal
   * @throws IOException the journal is missing, damaged or does not fit itself; the message is the
   *     cause's own, and nothing was changed
   */
  public static Recovered open(
      ActorSystem<?> system,
      EngineRuntime runtime,
      VolumeIdentity identity,
      JournalStore store,
      RecoveryPoint start,
      String journalPluginId)
      throws IOException {
    SegmentLog segments =
        usesOurPlugin(system, journalPluginId)
            ? SegmentLog.open(runtime, store, identity, start.anchor())
            : null;
    return open(system, identity, segments, start, journalPluginId);
  }

  static Recovered open(
      ActorSystem<?> system,
      VolumeIdentity identity,
      @Nullable SegmentLog segments,
      RecoveryPoint start,
      String journalPluginId)
      throws IOException {
    String persistenceId = "faultline-" + identity.id();
    VolumeLog log = new VolumeLog(persistenceId, OpenJournals.of(system.classicSystem()), segments);
    ReplayWindow window = new ReplayWindow();
    log.register(window);
    OpenCheckpoints checkpoints = OpenCheckpoints.of(system.classicSystem());
    checkpoints.startBehind(persistenceId, start.anchor().lsn());
    CompletableFuture<VolumeBehavior.Recovery> recovery = new CompletableFuture<>();
    ActorRef<VolumeCommand> actor =
        system.systemActorOf(
            VolumeWatch.create(log, persistenceId, journalPluginId, recovery, window, start),
            persistenceId + "-" + OPENINGS.incrementAndGet(),
            JournalConfig.COMMIT_DISPATCHER);
    synchronized (log) {
      log.actor = actor;
    }
    try {
      VolumeBehavior.Recovery done = recovery.join();
      return new Recovered(done.table(), done.lastLsn(), done.tailEvents(), log);
    } catch (CompletionException e) {
      log.close();
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw cause instanceof IOException io ? io : new IOException(cause.getMessage(), cause);
    } finally {
      checkpoints.forget(persistenceId);
    }
  }

  private static boolean usesOurPlugin(ActorSystem<?> system, String journalPluginId) {
    return system
        .settings()
        .config()
        .getString(journalPluginId + ".class")
        .equals(GroupCommitJournal.class.getName());
  }

  private void register(ReplayWindow window) {
    if (segments != null) {
      try {
        journals.register(persistenceId, segments, window);
      } catch (IllegalStateException e) {
        segments.close();
        throw e;
      }
    }
  }

  @Override
  public CompletionStage<Void> persist(Tx tx) {
    CompletableFuture<Void> durable = new CompletableFuture<>();
    synchronized (this) {
      if (end != null) {
        return CompletableFuture.failedFuture(end);
      }
      if (outstanding != null) {
        throw new IllegalStateException("transaction " + tx.lsn() + " overtakes another");
      }
      outstanding = durable;
    }
    tell(new VolumeCommand.Commit(tx));
    return durable;
  }

  private void tell(VolumeCommand command) {
    ActorRef<VolumeCommand> to;
    synchronized (this) {
      to = actor;
    }
    if (to != null) {
      to.tell(command);
    }
  }

  /** The behaviour has persisted the outstanding transaction. */
  void persisted() {
    CompletableFuture<Void> durable;
    synchronized (this) {
      durable = outstanding;
      outstanding = null;
    }
    if (durable != null) {
      durable.complete(null);
    }
  }

  /** The behaviour has stopped or will accept nothing more. */
  void ended(Throwable cause) {
    CompletableFuture<Void> durable;
    synchronized (this) {
      if (end == null) {
        end = cause;
      }
      durable = outstanding;
      outstanding = null;
    }
    if (durable != null) {
      durable.completeExceptionally(cause);
    }
  }

  /** The actor is gone. */
  void actorStopped() {
    stopped.complete(null);
  }

  /**
   * Lets go of everything without waiting for anybody: for a simulated run that has failed, whose
   * tasks are gone. What was not durable is lost. Does nothing to a log that is closed.
   */
  public void abandon() {
    tell(new VolumeCommand.Stop());
    if (segments != null && !stopped.isDone()) {
      journals.unregister(persistenceId, segments);
      segments.beginClose();
    }
  }

  /** Stops the behaviour, then writes out and closes the segments. Waits for both. */
  @Override
  public void close() {
    tell(new VolumeCommand.Stop());
    stopped.join();
    if (segments != null) {
      journals.unregister(persistenceId, segments);
      segments.close();
    }
  }
}
