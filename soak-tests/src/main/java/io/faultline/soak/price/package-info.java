/**
 * <b>Internal.</b> The price list of the guards: what readers, writers and destroyers pay for each,
 * in wall time, on real threads and a real volume.
 */
@NullMarked
package io.faultline.soak.price;

import org.jspecify.annotations.NullMarked;
