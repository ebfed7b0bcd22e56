package io.faultline.engine.lock;

import io.faultline.engine.runtime.Checks;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.Yield;
import org.jspecify.annotations.Nullable;

/**
 * Deliberate faults of the locks in this package, switched on by the tests that must find them.
 * {@link #ALLOWED} is a constant, so the JIT removes every question about them in production.
 */
enum LockMutant {
  /** Every rule is kept. */
  NONE,
  /** A back-out that brings the readers to 0 does not hand over: a lost wake-up. */
  BACK_OUT_WITHOUT_HAND_OVER(Mutant.R19_BACK_OUT_WITHOUT_HAND_OVER),
  /** A released exclusive goes to the next exclusive first: endless exclusives starve readers. */
  EXCLUSIVE_BEFORE_SHARED(Mutant.R19_EXCLUSIVE_BEFORE_SHARED),
  /** A queued exclusive does not stop new shared: endless readers starve exclusives. */
  SHARED_IGNORES_WANT(Mutant.R19_SHARED_IGNORES_WANT),
  /** {@link MappingRangeLock}: a fill's window runs into a destroyer's range. */
  WINDOW_NOT_CUT,
  /** {@link MappingRangeLock}: a fill passes destroyers that wait. */
  RANGE_IGNORES_QUEUED,
  /** {@link MappingRangeLock}: a destroyer's last page is taken for free. */
  RANGE_ENDS_EARLY;

  static final boolean ALLOWED = Yield.SIMULATION || Checks.ON;

  private static volatile LockMutant current = NONE;

  /** The same fault as the race laboratory switches it on. */
  private final @Nullable Mutant twin;

  LockMutant() {
    twin = null;
  }

  LockMutant(Mutant twin) {
    this.twin = twin;
  }

  static void use(LockMutant mutant) {
    if (!ALLOWED) {
      throw new IllegalStateException("mutants need simulation or checks");
    }
    current = mutant;
  }

  boolean active() {
    return ALLOWED && (current == this || (twin != null && twin.on()));
  }
}
