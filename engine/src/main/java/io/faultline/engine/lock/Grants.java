package io.faultline.engine.lock;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** Calls the callbacks of granted locks. */
final class Grants {
  /**
   * Grants waiting to be called by a thread that is inside a grant already. Without it a callback
   * that releases at once, as every grant of a finished token does (R11), would call the next one
   * on its own stack, and a long queue of those would overflow it.
   */
  private static final ThreadLocal<@Nullable ArrayDeque<Runnable>> NESTED = new ThreadLocal<>();

  private Grants() {}

  /** Calls {@code granted}, now or, if this thread is inside a grant, when that has returned. */
  static void call(Runnable granted) {
    ArrayDeque<Runnable> outer = NESTED.get();
    if (outer != null) {
      outer.add(granted);
      return;
    }
    ArrayDeque<Runnable> nested = new ArrayDeque<>();
    NESTED.set(nested);
    RuntimeException failure = null;
    for (Runnable next = granted; next != null; next = nested.poll()) {
      try {
        next.run();
      } catch (RuntimeException thrown) {
        // A broken callback must not take the grants of others with it.
        if (failure == null) {
          failure = thrown;
        } else {
          failure.addSuppressed(thrown);
        }
      }
    }
    NESTED.remove();
    if (failure != null) {
      throw failure;
    }
  }
}
