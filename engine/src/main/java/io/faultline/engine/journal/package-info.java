/**
 * <em>Internal.</em> The running transaction and its committer, in the shape of jbd2: changes are
 * applied in memory at once, their events gather in the running transaction, and whole transactions
 * become durable through the port {@link io.faultline.engine.journal.TransactionLog}. No Akka here.
 */
@NullMarked
package io.faultline.engine.journal;

import org.jspecify.annotations.NullMarked;
