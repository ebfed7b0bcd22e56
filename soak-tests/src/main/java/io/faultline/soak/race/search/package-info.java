/**
 * <b>Internal.</b> Random search for races: small generated programs on the real engine under
 * random schedules, judged by a model of one file, shrunk when they violate it.
 */
@NullMarked
package io.faultline.soak.race.search;

import org.jspecify.annotations.NullMarked;
