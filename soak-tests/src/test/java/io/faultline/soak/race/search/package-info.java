/** <em>Internal.</em> Tests of the random search for races. */
@NullMarked
package io.faultline.soak.race.search;

import org.jspecify.annotations.NullMarked;
