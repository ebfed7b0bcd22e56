/**
 * <b>Internal.</b> The engine's outer locks and the order in which they may be taken: {@link
 * io.faultline.engine.lock.MappingLock} and {@link io.faultline.engine.lock.IoLock} (phase-fair,
 * with an exclusive side that never blocks a thread), {@link
 * io.faultline.engine.lock.WriteRangeLock}, and {@link io.faultline.engine.lock.LockOrder}, which
 * checks every acquisition in tests and soaks. The locks count but do not decide: what each one
 * protects is said where it is used.
 */
@NullMarked
package io.faultline.engine.lock;

import org.jspecify.annotations.NullMarked;
