package io.faultline.engine.volume;

import io.faultline.engine.errno.FsException;
import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockWait;
import io.faultline.engine.runtime.CallerLane;
import io.faultline.engine.runtime.EngineFailure;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Waiting for a command, which fails where it runs and is to fail where it was asked for. */
final class Answers {
  private Answers() {}

  /** Sends a command and waits for it; this thread may do the work itself. */
  static void call(CallerLane.Call<FsException> command) throws FsException {
    LockOrder.waits(LockWait.COMMAND);
    await(CallerLane.call(command));
  }

  static void await(CompletableFuture<Void> done) throws FsException {
    if (!done.isDone()) {
      LockOrder.waits(LockWait.COMMAND);
    }
    try {
      done.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof FsException cause) {
        // A new exception, so that the trace shows the caller and not only the actor's task.
        FsException here =
            new FsException(cause.errno(), cause.operation(), cause.ino(), cause.detail(), cause);
        throw here;
      }
      if (e.getCause() instanceof EngineFailure broken) {
        throw new EngineFailure(String.valueOf(broken.getMessage()), broken);
      }
      throw e;
    }
  }
}
