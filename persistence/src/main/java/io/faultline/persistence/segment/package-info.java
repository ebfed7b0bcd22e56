/**
 * <em>Internal.</em> The journal on disk: segments, records, the scan that tells a torn tail from
 * damage, and the thread that appends. No Akka here, so that a journal can be read without it.
 */
@NullMarked
package io.faultline.persistence.segment;

import org.jspecify.annotations.NullMarked;
