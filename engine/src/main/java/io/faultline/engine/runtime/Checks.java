package io.faultline.engine.runtime;

/** The switch for checks too dear for production: {@code -Dfaultline.checks=true}. */
public final class Checks {
  /** Whether expensive checks run. Constant, so that the JIT removes what it guards. */
  public static final boolean ON = Boolean.getBoolean("faultline.checks");

  private Checks() {}
}
