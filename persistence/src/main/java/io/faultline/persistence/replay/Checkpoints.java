package io.faultline.persistence.replay;

import java.io.IOException;
import java.util.Optional;

/**
 * States kept from earlier, from which a replay can start instead of from the beginning.
 *
 * @param <S> the state; immutable, or at least never changed behind a replay's back
 */
@FunctionalInterface
public interface Checkpoints<S> {
  /**
   * A state and its place in the order of events.
   *
   * @param lsn the last event that is in it; 0 is the state before the first
   */
  record Point<S>(long lsn, S state) {}

  /**
   * The newest state in {@code (above, lsn]}; empty if there is none. No other one is read.
   *
   * @throws IOException a state is there and cannot be read
   */
  Optional<Point<S>> latest(long above, long lsn) throws IOException;

  /** The newest state that holds nothing behind event {@code lsn}. */
  default Optional<Point<S>> latestAtOrBefore(long lsn) throws IOException {
    return latest(-1, lsn);
  }

  /** No states at all: every replay starts at the first event. */
  static <S> Checkpoints<S> none() {
    return (above, lsn) -> Optional.empty();
  }
}
