/**
 * <em>Internal.</em> The past of a volume: its states as immutable values, what its events did to
 * names and blocks, and questions about them. Reads journals and checkpoints, never the image: the
 * past is metadata (rule R14).
 */
@NullMarked
package io.faultline.persistence.history;

import org.jspecify.annotations.NullMarked;
