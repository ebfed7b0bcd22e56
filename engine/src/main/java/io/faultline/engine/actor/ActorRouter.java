package io.faultline.engine.actor;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.SpawnProtocol;
import akka.actor.typed.javadsl.AskPattern;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.MappingCommand;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.volume.CommandRouter;
import io.faultline.engine.volume.MappingOperations;
import io.faultline.engine.volume.Vnode;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Routes a volume's commands to its inode actors. Thread-safe. */
public final class ActorRouter implements CommandRouter {
  private static final Duration SPAWN_MAX = Duration.ofSeconds(30);

  private final MappingOperations operations;
  private final ActorRef<VolumeGuardian.Message> guardian;

  /** Guarded by this. */
  private boolean closed;

  private ActorRouter(MappingOperations operations, ActorRef<VolumeGuardian.Message> guardian) {
    this.operations = operations;
    this.guardian = guardian;
  }

  /**
   * Starts the guardian of one volume in {@code system}, whose own guardian spawns on request.
   *
   * @param name of the volume's guardian; a suffix makes it unique
   */
  public static ActorRouter start(
      ActorSystem<SpawnProtocol.Command> system,
      String name,
      EngineRuntime runtime,
      MappingOperations operations) {
    CompletableFuture<ActorRef<VolumeGuardian.Message>> spawned =
        AskPattern.<SpawnProtocol.Command, ActorRef<VolumeGuardian.Message>>ask(
                system,
                replyTo ->
                    new SpawnProtocol.Spawn<>(
                        VolumeGuardian.create(runtime), name, VolumeGuardian.DISPATCHER, replyTo),
                SPAWN_MAX,
                system.scheduler())
            .toCompletableFuture();
    return new ActorRouter(operations, spawned.join());
  }

  @Override
  public CompletableFuture<Void> submit(Vnode vnode, MappingCommand command) {
    CompletableFuture<Void> reply = new CompletableFuture<>();
    CommandToken token = new CommandToken(vnode, command, operations, reply);
    // Under the monitor, so that nothing is sent behind the guardian's last message.
    synchronized (this) {
      if (!closed) {
        guardian.tell(new VolumeGuardian.Deliver(vnode.ino(), token));
        return reply;
      }
    }
    reply.completeExceptionally(
        new FsException(Errno.EBADF, command.operation(), "the volume is closed"));
    return reply;
  }

  @Override
  public void close() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      guardian.tell(new VolumeGuardian.Close(done));
    }
    done.join();
  }
}
