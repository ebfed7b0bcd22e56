package io.faultline.engine.runtime.sim;

import io.faultline.engine.runtime.YieldPoint;
import org.jspecify.annotations.Nullable;

/**
 * Where a run that was to {@linkplain Strategy.Follow follow} another one could not.
 *
 * @param wanted the turn of the reference that could not be taken
 * @param kind why not
 * @param at where its task stands instead: the wait, or the point it came to; null when it has
 *     parked elsewhere, ended, or does not exist
 * @param ino as at that point
 * @param arg as at that point: the rank of the lock, the flags of the slot, the page
 * @param step when that was, on the axis of {@link TraceStep#step} of the run that followed
 */
public record Divergence(
    Turn wanted, Kind kind, @Nullable YieldPoint at, long ino, long arg, long step) {
  /** Why a turn could not be taken. */
  public enum Kind {
    /** Its task waits. */
    WAITS,
    /** Its task has not begun, or has ended already. */
    ABSENT,
    /** Its task does something else first. */
    OTHERWISE
  }
}
