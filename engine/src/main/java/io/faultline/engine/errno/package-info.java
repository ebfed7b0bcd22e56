/**
 * <em>Internal.</em> How the engine reports what a user, a device or a full volume caused. Every
 * package may import this one; it imports nothing.
 */
@NullMarked
package io.faultline.engine.errno;

import org.jspecify.annotations.NullMarked;
