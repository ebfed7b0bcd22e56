package io.faultline.engine.actor;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.volume.MappingOperations;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Parent of a volume's inode actors: starts one at an inode's first command and stops it once it is
 * idle and nothing was sent to it since, so that an idle inode has no live actor.
 */
final class VolumeGuardian extends AbstractBehavior<VolumeGuardian.Message> {
  sealed interface Message {}

  /** A command for inode {@code ino}. */
  record Deliver(long ino, CommandToken token) implements Message {}

  /** The actor of {@code ino} has run {@code accepted} commands and has no more. */
  record Idle(long ino, long accepted) implements Message {}

  /** Stop once every inode is idle, then complete {@code done}. */
  record Close(CompletableFuture<Void> done) implements Message {}

  private static final class Child {
    final ActorRef<InodeActor.Message> ref;
    long delivered;

    Child(ActorRef<InodeActor.Message> ref) {
      this.ref = ref;
    }
  }

  private final EngineRuntime runtime;
  private final MappingOperations operations;
  private final Map<Long, Child> children = new HashMap<>();

  /** Actors stopped earlier may still hold their names, so each gets one of its own. */
  private long started;

  private @Nullable CompletableFuture<Void> closing;

  static Behavior<Message> create(EngineRuntime runtime, MappingOperations operations) {
    return Behaviors.setup(context -> new VolumeGuardian(context, runtime, operations));
  }

  private VolumeGuardian(
      ActorContext<Message> context, EngineRuntime runtime, MappingOperations operations) {
    super(context);
    this.runtime = runtime;
    this.operations = operations;
  }

  @Override
  public Receive<Message> createReceive() {
    return newReceiveBuilder()
        .onMessage(Deliver.class, this::deliver)
        .onMessage(Idle.class, this::idle)
        .onMessage(Close.class, this::close)
        .build();
  }

  private Behavior<Message> deliver(Deliver message) {
    Child child = children.computeIfAbsent(message.ino(), this::start);
    child.delivered++;
    child.ref.tell(new InodeActor.Run(message.token()));
    return this;
  }

  private Child start(long ino) {
    ActorRef<Message> self = getContext().getSelf();
    Behavior<InodeActor.Message> behavior = InodeActor.create(ino, runtime, operations, self);
    return new Child(getContext().spawn(behavior, "inode-" + ino + "-" + started++));
  }

  private Behavior<Message> idle(Idle message) {
    Child child = children.get(message.ino());
    if (child != null && child.delivered == message.accepted()) {
      children.remove(message.ino());
      child.ref.tell(InodeActor.Stop.STOP);
    }
    return closeIfIdle();
  }

  private Behavior<Message> close(Close message) {
    closing = message.done();
    return closeIfIdle();
  }

  private Behavior<Message> closeIfIdle() {
    CompletableFuture<Void> done = closing;
    if (done == null || !children.isEmpty()) {
      return this;
    }
    done.complete(null);
    return Behaviors.stopped();
  }
}
