/**
 * <em>Internal.</em> The tree of a volume: directories, hard and symbolic links, rename. Everything
 * here runs in the caller's thread; lookups are lock-free (DESIGN §4, rules R7 and R16).
 *
 * <p>Behaviour and error numbers are those of Linux' VFS with ext4 below it, as the man pages of
 * section 2 and path_resolution(7) tell them. There are no permission checks: the caller owns the
 * volume.
 */
@NullMarked
package io.faultline.engine.namespace;

import org.jspecify.annotations.NullMarked;
