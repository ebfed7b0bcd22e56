package io.faultline.engine.runtime.sim;

import io.faultline.engine.runtime.EngineFailure;
import org.jspecify.annotations.Nullable;

/** Why a run failed: the first reason counts, and none once it is over. Confined. */
final class RunFailure {
  private @Nullable Throwable cause;
  private String text = "";
  private boolean over;

  /** Fails the run, unless it has failed or ended already. */
  void fail(String reason, @Nullable Throwable thrown) {
    if (cause == null && !over) {
      text = reason;
      cause = thrown == null ? new EngineFailure(reason) : thrown;
    }
  }

  /** What comes from here on is unwinding. */
  void close() {
    over = true;
  }

  /** Why, or null while the run has not failed. */
  @Nullable Throwable cause() {
    return cause;
  }

  String text() {
    return text;
  }
}
