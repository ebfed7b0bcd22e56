/**
 * <em>Internal.</em> A volume as a directory of the host: superblock, block image, journal, lock.
 */
@NullMarked
package io.faultline.persistence.volume;

import org.jspecify.annotations.NullMarked;
