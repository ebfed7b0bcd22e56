package io.faultline.engine.namespace;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Tells a lock-free lookup whether a rename published anything while it ran (rule R16). A rename is
 * several events, and between two of them a replaced name is missing although it exists all the
 * time; what a lookup did <em>not</em> find is true only if the sequence has not moved.
 *
 * <p>Renames inside one directory do not take the rename lock, so several may be active: the low 16
 * bits count those, the upper bits count all that ever began. With one at a time this would be the
 * even/odd counter of a seqlock.
 *
 * <p>The accesses are volatile. A lookup that saw an event of a rename therefore sees its
 * beginning, which comes before the event in the order of the publishing thread.
 */
final class RenameSequence {
  private static final long ACTIVE = 0xFFFF;
  private static final long BEGUN = ACTIVE + 1;

  private final AtomicLong word = new AtomicLong();

  /** Before the first event of a rename is published. */
  void begin() {
    word.addAndGet(BEGUN + 1);
  }

  /** After its last event, or after it failed. */
  void end() {
    word.addAndGet(-1);
  }

  long read() {
    return word.get();
  }

  /** No rename published anything since {@link #read} returned {@code start}. */
  boolean unmoved(long start) {
    return (start & ACTIVE) == 0 && word.get() == start;
  }
}
