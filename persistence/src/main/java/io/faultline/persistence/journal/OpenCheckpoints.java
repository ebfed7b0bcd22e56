package io.faultline.persistence.journal;

import akka.actor.AbstractExtensionId;
import akka.actor.ExtendedActorSystem;
import akka.actor.Extension;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Behind which transaction the recovery of a persistence id begins, for the snapshot plugin of one
 * actor system: Akka makes the plugin and lets nothing else reach it. Thread-safe.
 */
final class OpenCheckpoints implements Extension {
  private static final Id ID = new Id();

  private final ConcurrentHashMap<String, Long> starts = new ConcurrentHashMap<>();

  private OpenCheckpoints() {}

  private static final class Id extends AbstractExtensionId<OpenCheckpoints> {
    @Override
    public OpenCheckpoints createExtension(ExtendedActorSystem system) {
      return new OpenCheckpoints();
    }
  }

  static OpenCheckpoints of(akka.actor.ActorSystem system) {
    return ID.get(system);
  }

  /** The next recovery of {@code persistenceId} begins behind {@code lsn}; 0 at the beginning. */
  void startBehind(String persistenceId, long lsn) {
    if (lsn > 0) {
      starts.put(persistenceId, lsn);
    } else {
      starts.remove(persistenceId);
    }
  }

  /** Where the recovery begins; empty for the beginning. */
  OptionalLong startOf(String persistenceId) {
    Long lsn = starts.get(persistenceId);
    return lsn == null ? OptionalLong.empty() : OptionalLong.of(lsn);
  }

  /** The recovery is over. */
  void forget(String persistenceId) {
    starts.remove(persistenceId);
  }
}
