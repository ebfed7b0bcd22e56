package io.faultline.engine.races;

import io.faultline.engine.runtime.EngineRuntime;
import java.util.ArrayList;
import java.util.List;

/** A runtime whose timers go off when the test says so, in the middle of a run. */
final class RungTimers implements EngineRuntime {
  private final EngineRuntime runtime;
  private final List<Runnable> pending = new ArrayList<>();

  RungTimers(EngineRuntime runtime) {
    this.runtime = runtime;
  }

  /** Fires all timers that are set now. */
  void ring() {
    List<Runnable> due = List.copyOf(pending);
    pending.clear();
    due.forEach(Runnable::run);
  }

  @Override
  public Timer schedule(long delayNanos, Runnable callback) {
    pending.add(callback);
    return () -> pending.remove(callback);
  }

  @Override
  public long nanoTime() {
    return runtime.nanoTime();
  }

  @Override
  public long wallNanos() {
    return runtime.wallNanos();
  }

  @Override
  public void fork(String name, Runnable body) {
    runtime.fork(name, body);
  }

  @Override
  public void forkPlatform(String name, Runnable body) {
    runtime.forkPlatform(name, body);
  }

  @Override
  public boolean simulated() {
    return runtime.simulated();
  }
}
