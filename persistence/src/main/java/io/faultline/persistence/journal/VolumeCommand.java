package io.faultline.persistence.journal;

import io.faultline.engine.journal.Tx;

/** What a volume's behaviour is told. */
sealed interface VolumeCommand {
  /** Persist {@code tx}; the answer goes to {@link VolumeLog}. */
  record Commit(Tx tx) implements VolumeCommand {}

  /** Stop when what came before is done. */
  record Stop() implements VolumeCommand {}
}
