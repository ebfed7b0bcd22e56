package io.faultline.engine.actor;

import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.MappingCommand;
import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockWait;
import io.faultline.engine.lock.PageRange;
import io.faultline.engine.runtime.CallerLane;
import io.faultline.engine.runtime.EngineTrace;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.volume.MappingOperations;
import io.faultline.engine.volume.Vnode;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One command on its way, and the locks it holds (rule R11). Every way out goes through {@link
 * #finish}; a grant that arrives for a finished token is given back at once.
 *
 * <p>Guarded by its monitor: grants arrive on the thread that hands a lock over, the end comes from
 * the body's thread or from the actor that stops.
 */
final class CommandToken {
  final MappingCommand command;
  private final Vnode vnode;
  private final MappingOperations operations;
  private final CompletableFuture<Void> reply;

  /** Of the thread that sent this and waits for it. */
  private final @Nullable CallerLane caller = CallerLane.current();

  private boolean holdsIo;
  private boolean holdsMapping;

  /** What the command destroys or moves, known once the I/O lock is held; null: nothing. */
  private @Nullable PageRange destroys;

  private boolean running;
  private boolean finished;

  CommandToken(
      Vnode vnode,
      MappingCommand command,
      MappingOperations operations,
      CompletableFuture<Void> reply) {
    this.vnode = vnode;
    this.command = command;
    this.operations = operations;
    this.reply = reply;
  }

  /**
   * Asks for the I/O lock, then for the mapping lock; {@code ready} runs once both are there. Never
   * blocks.
   */
  void acquire(Runnable ready) {
    // Invariant I8 and the size: no read-modify-write by system calls beside the command.
    vnode.ioLock().lockExclusiveAsync(() -> ioGranted(ready));
  }

  private void ioGranted(Runnable ready) {
    boolean late;
    synchronized (this) {
      late = finished;
      holdsIo = !late;
    }
    if (late) {
      giveBackIo();
      return;
    }
    PageRange range = operations.destroys(vnode, command);
    synchronized (this) {
      destroys = range;
    }
    if (range == null) {
      ready.run();
      return;
    }
    // Invariants I1, I2, I12: none of these pages is created or filled beside the command.
    vnode.mapping().lock().lockExclusiveAsync(range, () -> mappingGranted(range, ready));
  }

  private void mappingGranted(PageRange range, Runnable ready) {
    boolean late;
    synchronized (this) {
      late = finished;
      holdsMapping = !late;
    }
    if (late) {
      LockOrder.adopt(vnode.mapping().lock().rank(), vnode.ino());
      vnode.mapping().lock().unlockExclusive(range);
      return;
    }
    ready.run();
  }

  private void giveBackIo() {
    LockOrder.adopt(vnode.ioLock().rank(), vnode.ino());
    vnode.ioLock().unlockExclusive();
  }

  /** Has the thread that waits for this run {@code body}; false if none does. */
  boolean offer(Runnable body) {
    return caller != null && caller.offer(body);
  }

  /** Runs the body on this thread, which may block, and finishes. */
  void execute() {
    boolean exclusive;
    synchronized (this) {
      if (finished) {
        return;
      }
      running = true;
      exclusive = holdsMapping;
    }
    LockOrder.owes(LockWait.COMMAND);
    LockOrder.adopt(vnode.ioLock().rank(), vnode.ino());
    if (exclusive) {
      LockOrder.adopt(vnode.mapping().lock().rank(), vnode.ino());
    }
    Throwable failure = null;
    trace(EngineTrace.Step.COMMAND_BEGINS);
    try {
      operations.run(vnode, command);
    } catch (FsException | RuntimeException | Error e) {
      failure = e;
    }
    trace(failure == null ? EngineTrace.Step.COMMAND_ENDS : EngineTrace.Step.COMMAND_FAILS);
    if (exclusive) {
      LockOrder.handOff(vnode.mapping().lock().rank(), vnode.ino());
    }
    LockOrder.handOff(vnode.ioLock().rank(), vnode.ino());
    LockOrder.paid(LockWait.COMMAND);
    if (failure != null && Mutant.R11_FAILURE_LEAKS_LOCKS.on()) {
      reply.completeExceptionally(failure);
      return;
    }
    finish(failure);
  }

  private void trace(EngineTrace.Step step) {
    EngineTrace.command(step, command.operation(), vnode.ino(), command.offset());
  }

  /** The actor stops. A body that runs keeps its locks and finishes by itself. */
  void abandon(Throwable failure) {
    synchronized (this) {
      if (running) {
        return;
      }
    }
    finish(failure);
  }

  /** Gives the locks back and answers. The second call does nothing. */
  void finish(@Nullable Throwable failure) {
    boolean io;
    PageRange mapping;
    synchronized (this) {
      if (finished) {
        return;
      }
      finished = true;
      io = holdsIo;
      mapping = holdsMapping ? destroys : null;
    }
    if (io) {
      LockOrder.adopt(vnode.ioLock().rank(), vnode.ino());
    }
    if (mapping != null) {
      LockOrder.adopt(vnode.mapping().lock().rank(), vnode.ino());
      vnode.mapping().lock().unlockExclusive(mapping);
    }
    if (io) {
      vnode.ioLock().unlockExclusive();
    }
    if (failure == null) {
      reply.complete(null);
    } else {
      reply.completeExceptionally(failure);
    }
  }
}
