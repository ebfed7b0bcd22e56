/**
 * <em>Internal.</em> The live volume: files in use, reads and writes, the bodies of commands that
 * change a mapping, and what ties cache, writeback, journal and names together. Imports everything
 * but the actors, which run the commands.
 */
@NullMarked
package io.faultline.engine.volume;

import org.jspecify.annotations.NullMarked;
