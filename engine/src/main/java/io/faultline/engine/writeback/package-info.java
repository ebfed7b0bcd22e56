/**
 * <em>Internal.</em> Dirty runs to the device: allocation of delayed blocks, in-place writes, and
 * the event that says so, in this order, so that metadata never points at data that was not
 * written.
 */
@NullMarked
package io.faultline.engine.writeback;

import org.jspecify.annotations.NullMarked;
