/**
 * <em>Internal.</em> The evented state: immutable {@link io.faultline.engine.inode.Inode}s, the
 * {@link io.faultline.engine.inode.Event}s that change them, the pure functions <em>decide</em> and
 * <em>apply</em>, and the table a live volume and a replay fill alike. No clock, no randomness, no
 * I/O, no Akka.
 */
@NullMarked
package io.faultline.engine.inode;

import org.jspecify.annotations.NullMarked;
