package io.faultline.persistence.checkpoint;

import io.faultline.engine.inode.InodeTable;
import io.faultline.persistence.replay.Checkpoints;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * A volume's checkpoints as states for a replay. Each call reads one from its file and gives a
 * state of its own. A damaged one is passed over for the next older. Thread-safe.
 *
 * @param <S> what a state is made into
 */
public final class StoredCheckpoints<S> implements Checkpoints<S> {
  private final CheckpointStore store;
  private final VolumeIdentity identity;
  private final Function<CheckpointImage, S> states;

  /** States of any kind. */
  public StoredCheckpoints(
      CheckpointStore store, VolumeIdentity identity, Function<CheckpointImage, S> states) {
    this.store = store;
    this.identity = identity;
    this.states = states;
  }

  /** States as tables. */
  public static StoredCheckpoints<InodeTable> tables(
      CheckpointStore store, VolumeIdentity identity) {
    return new StoredCheckpoints<>(
        store, identity, image -> new InodeTable(image, image.nextNumber()));
  }

  @Override
  public Optional<Point<S>> latest(long above, long lsn) throws IOException {
    for (long at : store.list().reversed()) {
      if (at <= above) {
        break;
      }
      if (at <= lsn) {
        try {
          return Optional.of(
              new Point<>(at, states.apply(CheckpointImage.read(store, at, identity, Set.of()))));
        } catch (DamagedCheckpointException e) {
          // An older one, or the beginning of the journal, leads there as well, only later.
        }
      }
    }
    return Optional.empty();
  }
}
