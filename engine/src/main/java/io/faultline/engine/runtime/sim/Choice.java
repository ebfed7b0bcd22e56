package io.faultline.engine.runtime.sim;

import io.faultline.engine.runtime.Yield;

/**
 * One choice that was made.
 *
 * @param runnable how many tasks could run, at least 2
 * @param chosen which did
 * @param preemptible whether task 0 was running and could have gone on
 * @param silent whether it did, and its step up to the next yield point was {@link Yield#silent}
 */
public record Choice(int runnable, int chosen, boolean preemptible, boolean silent) {
  /** Preemptions that choosing {@code option} here costs: 0 or 1. */
  int cost(int option) {
    return preemptible && option != 0 ? 1 : 0;
  }

  /** The same, its step having turned out to be silent. */
  Choice silently() {
    return new Choice(runnable, chosen, preemptible, preemptible && chosen == 0);
  }
}
