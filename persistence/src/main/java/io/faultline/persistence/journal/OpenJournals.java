package io.faultline.persistence.journal;

import akka.actor.AbstractExtensionId;
import akka.actor.ExtendedActorSystem;
import akka.actor.Extension;
import io.faultline.persistence.segment.SegmentLog;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which journal belongs to which persistence id, for the plugin of one actor system: Akka makes the
 * plugin and lets nothing else reach it. Thread-safe.
 */
public final class OpenJournals implements Extension {
  private static final Id ID = new Id();

  /** A journal, and what holds its replay back. */
  record Entry(SegmentLog log, ReplayWindow window) {}

  private final ConcurrentHashMap<String, Entry> entries = new ConcurrentHashMap<>();

  private OpenJournals() {}

  private static final class Id extends AbstractExtensionId<OpenJournals> {
    @Override
    public OpenJournals createExtension(ExtendedActorSystem system) {
      return new OpenJournals();
    }
  }

  public static OpenJournals of(akka.actor.ActorSystem system) {
    return ID.get(system);
  }

  /**
   * Lets the plugin serve {@code persistenceId} from {@code log}.
   *
   * @throws IllegalStateException if that id is being served already
   */
  public void register(String persistenceId, SegmentLog log) {
    ReplayWindow unlimited = new ReplayWindow();
    unlimited.open();
    register(persistenceId, log, unlimited);
  }

  void register(String persistenceId, SegmentLog log, ReplayWindow window) {
    if (entries.putIfAbsent(persistenceId, new Entry(log, window)) != null) {
      throw new IllegalStateException(persistenceId + " is open in this actor system");
    }
  }

  /** Ends what {@link #register} began; does not close the log. */
  public void unregister(String persistenceId, SegmentLog log) {
    entries.computeIfPresent(persistenceId, (id, entry) -> entry.log() == log ? null : entry);
  }

  /**
   * @throws IllegalStateException if nothing is registered under that id
   */
  Entry get(String persistenceId) {
    Entry entry = entries.get(persistenceId);
    if (entry == null) {
      throw new IllegalStateException("no journal is open for " + persistenceId);
    }
    return entry;
  }

  List<SegmentLog> all() {
    return entries.values().stream().map(Entry::log).toList();
  }
}
