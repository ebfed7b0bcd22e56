/**
 * Internal. The oracle of concurrent runs: stamped file contents, and for each file the versions a
 * read may legally see while writes, punches and truncates run beside it.
 */
@NullMarked
package io.faultline.soak.oracle;

import org.jspecify.annotations.NullMarked;
