package io.faultline.persistence.journal;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.ChildFailed;
import akka.actor.typed.PostStop;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.Behaviors;
import akka.persistence.typed.internal.JournalFailureException;
import io.faultline.persistence.checkpoint.RecoveryPoint;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/**
 * The parent of a volume's behaviour. A behaviour whose journal fails is stopped by Akka in the
 * middle of a command; somebody else has to see that and tell those who wait.
 */
final class VolumeWatch {
  private VolumeWatch() {}

  static Behavior<VolumeCommand> create(
      VolumeLog log,
      String persistenceId,
      String journalPluginId,
      CompletableFuture<VolumeBehavior.Recovery> recovery,
      ReplayWindow window,
      RecoveryPoint start) {
    return Behaviors.setup(
        context -> {
          ActorRef<VolumeCommand> volume =
              context.spawn(
                  VolumeBehavior.create(
                      log, persistenceId, journalPluginId, recovery, window, start),
                  "volume",
                  JournalConfig.COMMIT_DISPATCHER);
          context.watch(volume);
          return Behaviors.receive(VolumeCommand.class)
              .onAnyMessage(
                  command -> {
                    volume.tell(command);
                    return Behaviors.same();
                  })
              .onSignal(
                  ChildFailed.class,
                  failed -> {
                    end(log, recovery, failed.getCause());
                    return Behaviors.stopped();
                  })
              .onSignal(Terminated.class, stopped -> Behaviors.stopped())
              .onSignal(
                  PostStop.class,
                  stopped -> {
                    // Whatever ended it, the system's own end included: nobody may be left waiting.
                    end(log, recovery, new IOException("the journal of this volume has stopped"));
                    window.open();
                    log.actorStopped();
                    return Behaviors.same();
                  })
              .build();
        });
  }

  private static void end(
      VolumeLog log, CompletableFuture<VolumeBehavior.Recovery> recovery, Throwable cause) {
    log.ended(ownCause(cause));
    recovery.completeExceptionally(ownCause(cause));
  }

  /** Without what Akka wraps around it, which says only that and where it happened. */
  static Throwable ownCause(Throwable failure) {
    Throwable own = failure;
    while (own instanceof JournalFailureException && own.getCause() != null) {
      own = own.getCause();
    }
    return own;
  }
}
