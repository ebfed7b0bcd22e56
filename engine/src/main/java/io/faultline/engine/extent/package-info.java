/**
 * <em>Internal.</em> Block mappings as immutable values, and the free space they leave: {@link
 * io.faultline.engine.extent.ExtentMap}, {@link io.faultline.engine.extent.BlockAllocator}, {@link
 * io.faultline.engine.extent.SpaceCounter}. Imports nothing of the engine.
 */
@NullMarked
package io.faultline.engine.extent;

import org.jspecify.annotations.NullMarked;
