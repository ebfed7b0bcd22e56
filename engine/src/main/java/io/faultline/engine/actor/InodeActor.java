package io.faultline.engine.actor;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.runtime.CallerLane;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.runtime.Mutant;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Serialises the commands of one inode.
 *
 * <pre>
 *  Idle ──command──► Draining ──both locks granted──► Destroying ──body ended──► Idle
 *                    (further commands wait in order)
 * </pre>
 *
 * <p>A turn never waits: locks are asked for asynchronously and the body runs as a task of its own,
 * on the thread that waits for the command if there is one (rule R12). The actor stops only when
 * idle and is never restarted (rule R11).
 */
final class InodeActor extends AbstractBehavior<InodeActor.Message> {
  sealed interface Message {}

  /** A command to run. */
  record Run(CommandToken token) implements Message {}

  /** The locks of the command being run are there. */
  record Granted(CommandToken token) implements Message {}

  /** The body of the command being run has ended and gave its locks back. */
  record Ended(CommandToken token) implements Message {}

  /** Stop; sent only when nothing was sent since the actor said it is idle. */
  enum Stop implements Message {
    STOP
  }

  private final long ino;
  private final EngineRuntime runtime;
  private final ActorRef<VolumeGuardian.Message> guardian;
  private final Deque<CommandToken> waiting = new ArrayDeque<>();
  private @Nullable CommandToken current;

  /** Commands accepted so far: tells the guardian whether an idle notice is still true. */
  private long accepted;

  static Behavior<Message> create(
      long ino, EngineRuntime runtime, ActorRef<VolumeGuardian.Message> guardian) {
    return Behaviors.setup(c -> new InodeActor(c, ino, runtime, guardian));
  }

  private InodeActor(
      ActorContext<Message> context,
      long ino,
      EngineRuntime runtime,
      ActorRef<VolumeGuardian.Message> guardian) {
    super(context);
    this.ino = ino;
    this.runtime = runtime;
    this.guardian = guardian;
  }

  @Override
  public Receive<Message> createReceive() {
    return newReceiveBuilder()
        .onMessage(Run.class, this::run)
        .onMessage(Granted.class, this::granted)
        .onMessage(Ended.class, this::ended)
        .onMessageEquals(Stop.STOP, Behaviors::stopped)
        .onSignal(PostStop.class, signal -> stopped())
        .build();
  }

  private Behavior<Message> run(Run message) {
    LockOrder.assertNone("a turn of an inode's actor");
    accepted++;
    waiting.addLast(message.token());
    startNext();
    return this;
  }

  private void startNext() {
    if (current == null) {
      current = waiting.pollFirst();
      if (current != null) {
        CommandToken token = current;
        ActorRef<Message> self = getContext().getSelf();
        token.acquire(() -> self.tell(new Granted(token)));
      }
    }
  }

  private Behavior<Message> granted(Granted message) {
    LockOrder.assertNone("a turn of an inode's actor");
    CommandToken token = message.token();
    ActorRef<Message> self = getContext().getSelf();
    Runnable body =
        () -> {
          try {
            CallerLane.withoutTurns(token::execute);
          } finally {
            self.tell(new Ended(token));
          }
        };
    if (Mutant.R12_BODY_IN_TURN.on()) {
      body.run();
    } else if (!token.offer(body)) {
      runtime.fork("faultline-" + token.command.operation() + "-" + ino, body);
    }
    return this;
  }

  private Behavior<Message> ended(Ended message) {
    LockOrder.assertNone("a turn of an inode's actor");
    current = null;
    startNext();
    if (current == null) {
      guardian.tell(new VolumeGuardian.Idle(ino, accepted));
    }
    return this;
  }

  private Behavior<Message> stopped() {
    FsException gone =
        new FsException(
            Errno.EIO, "command", ino, FsException.NONE, FsException.NONE, "the volume stopped");
    if (current != null) {
      current.abandon(gone);
    }
    waiting.forEach(token -> token.abandon(gone));
    return this;
  }
}
