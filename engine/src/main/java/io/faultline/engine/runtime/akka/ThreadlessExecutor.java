package io.faultline.engine.runtime.akka;

import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.TimeUnit;

/** Owns no thread, so stopping it means only to say so: the base of dispatchers that borrow one. */
abstract class ThreadlessExecutor extends AbstractExecutorService {
  private volatile boolean shutdown;

  @Override
  public final void shutdown() {
    shutdown = true;
  }

  @Override
  public final List<Runnable> shutdownNow() {
    shutdown = true;
    return List.of();
  }

  @Override
  public final boolean isShutdown() {
    return shutdown;
  }

  @Override
  public final boolean isTerminated() {
    return shutdown;
  }

  @Override
  public final boolean awaitTermination(long timeout, TimeUnit unit) {
    return shutdown;
  }
}
