package io.faultline.bench;

/** What a row does to its targets. */
sealed interface Work permits Windows, Forks {
  /** Whether one round is enough, without any to warm up. */
  default boolean once() {
    return false;
  }
}
