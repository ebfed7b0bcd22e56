/**
 * <em>Internal.</em> What survives the process: the journal, its codec, checkpoints, recovery and
 * replay. Akka Persistence is imported in the package {@code journal} only.
 */
@NullMarked
package io.faultline.persistence;

import org.jspecify.annotations.NullMarked;
