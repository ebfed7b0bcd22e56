package io.faultline.engine.runtime.sim;

import io.faultline.engine.runtime.StateChange;

/**
 * One change of state that a run told of.
 *
 * @param step position in the run, on the same axis as {@link TraceStep#step}
 * @param task name of the task; "actor" for an actor turn or a timer
 * @param change what changed
 * @param ino the inode, 0 when none
 * @param arg as {@link StateChange} says
 */
public record TraceNote(long step, String task, StateChange change, long ino, long arg) {
  @Override
  public String toString() {
    return "%6d %-16s   %-24s ino=%d arg=%d".formatted(step, task, change, ino, arg);
  }
}
