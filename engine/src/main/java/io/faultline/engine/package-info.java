/**
 * <em>Internal.</em> The filesystem: inodes, extents, page cache, locks, layouts, devices and the
 * running transaction. Everything is in the packages below; this one holds nothing but this text.
 */
@NullMarked
package io.faultline.engine;

import org.jspecify.annotations.NullMarked;
