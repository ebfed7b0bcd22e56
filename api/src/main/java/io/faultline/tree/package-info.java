/**
 * <em>Internal.</em> Real directory trees into volumes and out again, for the commands {@code
 * import} and {@code export} and for soaks.
 */
@NullMarked
package io.faultline.tree;

import org.jspecify.annotations.NullMarked;
