package io.faultline.engine.runtime.sim;

import io.faultline.engine.runtime.YieldPoint;

/**
 * Where a run that was to {@linkplain Strategy.Follow follow} another one could not.
 *
 * @param position of the step in the reference
 * @param wanted the step of the reference whose task could not run
 * @param heldAt the wait in which that task sits
 * @param ino what it waits for: the inode
 * @param arg and the lock's rank or the slot's flags, as at the yield point
 * @param step when that was, on the axis of {@link TraceStep#step} of the run that followed
 */
public record Divergence(
    int position, TraceStep wanted, YieldPoint heldAt, long ino, long arg, long step) {}
