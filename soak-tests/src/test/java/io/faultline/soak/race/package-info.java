/** <em>Internal.</em> Tests of the race laboratory. */
@NullMarked
package io.faultline.soak.race;

import org.jspecify.annotations.NullMarked;
