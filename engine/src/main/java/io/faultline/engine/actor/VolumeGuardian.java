package io.faultline.engine.actor;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import io.faultline.engine.runtime.EngineRuntime;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Parent of a volume's inode actors: starts one at an inode's first command. Of those that are idle
 * the {@value #IDLE_MAX} used last stay, since starting one costs more than most commands; the
 * others stop, so that inodes at rest have no actor.
 */
final class VolumeGuardian extends AbstractBehavior<VolumeGuardian.Message> {
  private static final int IDLE_MAX = 64;

  /** Where the guardian and its children take their turns. */
  static final DispatcherSelector DISPATCHER =
      DispatcherSelector.fromConfig("faultline.command-dispatcher");

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
  private final Map<Long, Child> children = new HashMap<>();

  /** Idle inodes, the one that has been idle longest first. */
  private final Set<Long> idle = new LinkedHashSet<>();

  /** Actors stopped earlier may still hold their names, so each gets one of its own. */
  private long started;

  private @Nullable CompletableFuture<Void> closing;

  static Behavior<Message> create(EngineRuntime runtime) {
    return Behaviors.setup(context -> new VolumeGuardian(context, runtime));
  }

  private VolumeGuardian(ActorContext<Message> context, EngineRuntime runtime) {
    super(context);
    this.runtime = runtime;
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
    idle.remove(message.ino());
    child.delivered++;
    child.ref.tell(new InodeActor.Run(message.token()));
    return this;
  }

  private Child start(long ino) {
    ActorRef<Message> self = getContext().getSelf();
    Behavior<InodeActor.Message> behavior = InodeActor.create(ino, runtime, self);
    return new Child(getContext().spawn(behavior, "inode-" + ino + "-" + started++, DISPATCHER));
  }

  private Behavior<Message> idle(Idle message) {
    Child child = children.get(message.ino());
    if (child != null && child.delivered == message.accepted()) {
      idle.add(message.ino());
      stopIdle(closing == null ? IDLE_MAX : 0);
    }
    return closeIfIdle();
  }

  private void stopIdle(int keep) {
    for (Iterator<Long> longest = idle.iterator(); idle.size() > keep; ) {
      Child child = children.remove(longest.next());
      longest.remove();
      if (child != null) {
        child.ref.tell(InodeActor.Stop.STOP);
      }
    }
  }

  private Behavior<Message> close(Close message) {
    closing = message.done();
    stopIdle(0);
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
