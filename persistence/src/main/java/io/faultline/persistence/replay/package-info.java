/**
 * <em>Internal.</em> The journal read as history: of a dead process or a living one, without
 * writing and without Akka.
 */
@NullMarked
package io.faultline.persistence.replay;

import org.jspecify.annotations.NullMarked;
