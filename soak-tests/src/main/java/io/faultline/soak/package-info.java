/**
 * <em>Internal.</em> Soaks and campaigns that run a real volume under load and compare all they see
 * with a model of their own.
 */
@NullMarked
package io.faultline.soak;

import org.jspecify.annotations.NullMarked;
