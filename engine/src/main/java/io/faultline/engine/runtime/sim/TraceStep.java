package io.faultline.engine.runtime.sim;

import io.faultline.engine.runtime.YieldPoint;

/**
 * One yield point that was passed.
 *
 * @param step position in the run, from 0
 * @param task name of the task; "actor" for an actor turn
 * @param point where it was
 * @param ino the inode, 0 when none
 * @param arg page index, LSN or similar, 0 when none
 */
public record TraceStep(long step, String task, YieldPoint point, long ino, long arg) {
  @Override
  public String toString() {
    return "%6d %-16s %-20s ino=%d arg=%d".formatted(step, task, point, ino, arg);
  }
}
