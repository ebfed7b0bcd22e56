package io.faultline.persistence.journal;

import akka.dispatch.Futures;
import akka.persistence.SelectedSnapshot;
import akka.persistence.SnapshotMetadata;
import akka.persistence.SnapshotSelectionCriteria;
import akka.persistence.snapshot.japi.SnapshotStore;
import java.util.Optional;
import java.util.OptionalLong;
import scala.concurrent.Future;

/**
 * A volume's checkpoint as Akka sees it: a snapshot that is only a number, so that whichever
 * journal plugin is configured replays what is behind it and nothing else. The state itself is read
 * from the checkpoint's file before the behaviour starts, and never passes through here: as a
 * snapshot it would have to be one array of bytes, and taking it would hold every commit back.
 */
public final class CheckpointSnapshots extends SnapshotStore {
  private final OpenCheckpoints checkpoints = OpenCheckpoints.of(context().system());

  @Override
  public Future<Optional<SelectedSnapshot>> doLoadAsync(
      String persistenceId, SnapshotSelectionCriteria criteria) {
    OptionalLong start = checkpoints.startOf(persistenceId);
    if (start.isEmpty() || start.getAsLong() > criteria.maxSequenceNr()) {
      return Futures.successful(Optional.empty());
    }
    return Futures.successful(
        Optional.of(
            SelectedSnapshot.create(
                new SnapshotMetadata(persistenceId, start.getAsLong(), 0),
                new VolumeBehavior.LastLsn(start.getAsLong()))));
  }

  /** Never called: checkpoints are made from the journal, not by the behaviour. */
  @Override
  public Future<Void> doSaveAsync(SnapshotMetadata metadata, Object snapshot) {
    return Futures.failed(new UnsupportedOperationException("a volume saves no snapshots"));
  }

  /** Never called, like the next one. */
  @Override
  public Future<Void> doDeleteAsync(SnapshotMetadata metadata) {
    return Futures.failed(new UnsupportedOperationException("a volume has no snapshots"));
  }

  @Override
  public Future<Void> doDeleteAsync(String persistenceId, SnapshotSelectionCriteria criteria) {
    return Futures.failed(new UnsupportedOperationException("a volume has no snapshots"));
  }
}
