package io.faultline.engine.runtime;

import java.io.Serial;

/**
 * A broken invariant of the engine: never something a caller, a full volume or a failing disk can
 * cause (those are an {@code ErrnoException}). Whoever catches it must treat the state it guards as
 * unknown: the volume turns read-only, a simulation fails.
 */
public final class EngineFailure extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Names the invariant.
   *
   * @param message what was expected and what was found, with the numbers needed to understand it
   */
  public EngineFailure(String message) {
    super(message);
  }

  /**
   * Names the invariant and what broke it.
   *
   * @param message what was expected and what was found
   * @param cause the exception that must not have happened
   */
  public EngineFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
