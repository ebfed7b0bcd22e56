/**
 * <em>Internal.</em> The binary form of events and transactions. Every event carries its own type
 * and version byte, so any journal ever written opens for ever.
 */
@NullMarked
package io.faultline.persistence.codec;

import org.jspecify.annotations.NullMarked;
