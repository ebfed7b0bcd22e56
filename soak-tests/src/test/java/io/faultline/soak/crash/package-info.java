/** Tests of crash-state exploration. */
@NullMarked
package io.faultline.soak.crash;

import org.jspecify.annotations.NullMarked;
