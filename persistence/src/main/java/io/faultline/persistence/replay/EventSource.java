package io.faultline.persistence.replay;

import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Events in one total order, readable from any place of it and as often as wanted. Numbers (LSNs)
 * begin at 1 and have no gaps; events in front of {@link #firstLsn} may have been removed.
 *
 * @param <E> the event
 */
public interface EventSource<E> {
  /** An event and its number. */
  record Entry<E>(long lsn, E event) {}

  /** Reads forwards. Not thread-safe. */
  interface Cursor<E> extends Closeable {
    /**
     * The next event, or null behind the last one there is now.
     *
     * @throws IOException the next event is there and cannot be read; all before it have been given
     */
    @Nullable Entry<E> next() throws IOException;
  }

  /** The event {@code lsn}, at least {@link #firstLsn}, and those behind it, ascending. */
  Cursor<E> from(long lsn) throws IOException;

  /** The first event that is still there; 1 if none was ever removed, also when there is none. */
  default long firstLsn() throws IOException {
    return 1;
  }
}
