/** <em>Internal.</em> The race catalogue and the rules' mutants, run on the simulated engine. */
@NullMarked
package io.faultline.engine.races;

import org.jspecify.annotations.NullMarked;
