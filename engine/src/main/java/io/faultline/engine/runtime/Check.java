package io.faultline.engine.runtime;

import com.google.errorprone.annotations.FormatMethod;

/**
 * Assertions that stay on in production, because a filesystem that goes on after a broken invariant
 * destroys data. What costs more than a compare belongs behind {@link Checks#ON}.
 */
public final class Check {
  private Check() {}

  /**
   * Fails when the invariant does not hold.
   *
   * @param holds the invariant
   * @param message a {@link String#format} pattern, formatted only on failure
   * @param arguments of the pattern
   * @throws EngineFailure when {@code holds} is false
   */
  @FormatMethod
  public static void that(boolean holds, String message, Object... arguments) {
    if (!holds) {
      throw new EngineFailure(message.formatted(arguments));
    }
  }
}
