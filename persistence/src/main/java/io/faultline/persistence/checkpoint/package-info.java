/**
 * <em>Internal.</em> States of a volume kept beside its journal: their files, how one is made from
 * an older one and the journal while the volume runs, which one a recovery begins with, and what
 * may be dropped behind them.
 */
@NullMarked
package io.faultline.persistence.checkpoint;

import org.jspecify.annotations.NullMarked;
