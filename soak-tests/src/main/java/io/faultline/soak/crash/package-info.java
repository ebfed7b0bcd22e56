/**
 * <em>Internal.</em> Crash-state exploration: what a power cut may leave of the media at any moment
 * is built, recovered, and held against the independent model.
 */
@NullMarked
package io.faultline.soak.crash;

import org.jspecify.annotations.NullMarked;
