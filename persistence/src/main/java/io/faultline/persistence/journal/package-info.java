/**
 * <em>Internal.</em> The journal as Akka Persistence sees it: one event-sourced behaviour per
 * volume, one event per transaction, and the plugin that keeps them in segments with one sync for
 * many. The only package of this module that imports Akka.
 */
@NullMarked
package io.faultline.persistence.journal;

import org.jspecify.annotations.NullMarked;
