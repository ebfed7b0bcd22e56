package io.faultline.persistence.journal;

import akka.actor.typed.Behavior;
import akka.actor.typed.TypedActorContext;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.RecoveryCompleted;
import akka.persistence.typed.RecoveryFailed;
import akka.persistence.typed.javadsl.CommandHandler;
import akka.persistence.typed.javadsl.Effect;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehavior;
import akka.persistence.typed.javadsl.SignalHandler;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.Tx;
import io.faultline.engine.runtime.Mutant;
import io.faultline.persistence.checkpoint.RecoveryPoint;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One volume as an event-sourced behaviour whose events are whole transactions. Its state is only
 * the newest LSN: while it recovers it builds the inode table beside it, hands that out when the
 * recovery is complete, and forgets it; from then on the engine applies the events itself, before
 * they come here.
 *
 * <p>The LSN is Akka's sequence number; every transaction is checked against it.
 */
final class VolumeBehavior extends EventSourcedBehavior<VolumeCommand, Tx, VolumeBehavior.LastLsn> {
  /** The state that Akka sees. */
  record LastLsn(long lsn) {}

  /** What checkpoint and journal told; {@code tailEvents} came from the journal. */
  record Recovery(InodeTable table, long lastLsn, long tailEvents) {}

  private final VolumeLog log;
  private final String journalPluginId;
  private final CompletableFuture<Recovery> recovery;
  private final ReplayWindow window;

  private final long startLsn;

  /** Null as soon as it is handed out. */
  private @Nullable InodeTable recovering;

  private long tailEvents;

  private VolumeBehavior(
      VolumeLog log,
      String persistenceId,
      String journalPluginId,
      CompletableFuture<Recovery> recovery,
      ReplayWindow window,
      RecoveryPoint start) {
    super(PersistenceId.ofUniqueId(persistenceId));
    this.log = log;
    this.journalPluginId = journalPluginId;
    this.recovery = recovery;
    this.window = window;
    this.startLsn = start.anchor().lsn();
    this.recovering = start.table();
  }

  static Behavior<VolumeCommand> create(
      VolumeLog log,
      String persistenceId,
      String journalPluginId,
      CompletableFuture<Recovery> recovery,
      ReplayWindow window,
      RecoveryPoint start) {
    return new VolumeBehavior(log, persistenceId, journalPluginId, recovery, window, start);
  }

  /** Without telling every transaction to the system's event stream, where nobody listens. */
  @Override
  @SuppressWarnings("unchecked") // a trait's superclass is a Behavior, which Java is not told
  public Behavior<VolumeCommand> apply(TypedActorContext<VolumeCommand> context) {
    return (Behavior<VolumeCommand>)
        (Object) createEventSourcedBehavior().withEventPublishing(false);
  }

  @Override
  public String journalPluginId() {
    return journalPluginId;
  }

  @Override
  public String snapshotPluginId() {
    return JournalConfig.CHECKPOINTS_ID;
  }

  @Override
  public LastLsn emptyState() {
    return new LastLsn(0);
  }

  @Override
  public CommandHandler<VolumeCommand, Tx, LastLsn> commandHandler() {
    return this::onCommand;
  }

  private Effect<Tx, LastLsn> onCommand(LastLsn state, VolumeCommand command) {
    return switch (command) {
      case VolumeCommand.Commit commit -> {
        if (commit.tx().lsn() != state.lsn() + 1) {
          log.ended(
              new IllegalStateException(
                  "transaction " + commit.tx().lsn() + " cannot follow " + state.lsn()));
          yield Effect().stop();
        }
        yield Effect().persist(commit.tx()).thenRun(log::persisted);
      }
      case VolumeCommand.Stop stop -> Effect().stop();
    };
  }

  @Override
  public EventHandler<LastLsn, Tx> eventHandler() {
    return this::onTransaction;
  }

  private LastLsn onTransaction(LastLsn state, Tx tx) {
    boolean gap = tx.lsn() > state.lsn() + 1 && Mutant.B28_GAP_ACCEPTED.on();
    if (tx.lsn() != state.lsn() + 1 && !gap) {
      throw new IllegalStateException(
          "the journal has transaction " + tx.lsn() + " behind " + state.lsn());
    }
    InodeTable table = recovering;
    if (table != null) {
      if (state.lsn() < startLsn) {
        throw new IllegalStateException(
            "the replay begins behind " + state.lsn() + ", the checkpoint is of " + startLsn);
      }
      tailEvents += tx.events().size();
      try {
        for (Event event : tx.events()) {
          table.apply(event);
        }
      } catch (RuntimeException e) {
        throw new IllegalStateException("transaction " + tx.lsn() + ": " + e.getMessage(), e);
      }
      window.leave();
    }
    return new LastLsn(tx.lsn());
  }

  @Override
  public SignalHandler<LastLsn> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(RecoveryCompleted.instance(), this::onRecovered)
        .onSignal(
            RecoveryFailed.class,
            (state, failed) ->
                recovery.completeExceptionally(VolumeWatch.ownCause(failed.getFailure())))
        .build();
  }

  private void onRecovered(LastLsn state) {
    InodeTable table = recovering;
    recovering = null;
    window.open();
    if (table != null) {
      recovery.complete(new Recovery(table, state.lsn(), tailEvents));
    }
  }
}
