/**
 * <em>Internal.</em> The page cache: a pool of off-heap frames, one page table per file whose slot
 * words are index, lock, version and flags at once, the fill path, readahead, eviction, and the
 * cache's share in destroying a range. Block maps and free space are reached through the small
 * interface {@link io.faultline.engine.pagecache.Backing} only.
 */
@NullMarked
package io.faultline.engine.pagecache;

import org.jspecify.annotations.NullMarked;
