/**
 * <em>Internal.</em> Plumbing between callers and the bodies of commands: one actor per inode that
 * has commands to run, and the guardian that starts and stops them. Together with {@code
 * engine.runtime.akka} the only place of this module that imports Akka.
 */
@NullMarked
package io.faultline.engine.actor;

import org.jspecify.annotations.NullMarked;
