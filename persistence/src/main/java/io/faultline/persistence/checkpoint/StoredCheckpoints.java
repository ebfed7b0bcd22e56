package io.faultline.persistence.checkpoint;

import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeTable;
import io.faultline.persistence.replay.Checkpoints;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A volume's checkpoints as states for a replay. Each call reads one from its file and gives a
 * state of its own. A damaged one is passed over for the next older. Thread-safe.
 *
 * @param <S> what a state is made into
 */
public final class StoredCheckpoints<S> implements Checkpoints<S> {
  /**
   * Takes the inodes of one checkpoint, in the order of their numbers.
   *
   * @param <S> what becomes of them
   */
  public interface Assembly<S> {
    /** One inode. */
    void add(Inode inode);

    /** All are there. */
    S build();
  }

  /**
   * Begins an assembly.
   *
   * @param <S> what becomes of it
   */
  @FunctionalInterface
  public interface Assemblies<S> {
    /**
     * A new one.
     *
     * @param inodes how many will come
     * @param nextNumber above the number of every inode the volume ever had
     */
    Assembly<S> begin(int inodes, long nextNumber);
  }

  private final CheckpointStore store;
  private final VolumeIdentity identity;
  private final Assemblies<S> assemblies;

  /** States of any kind. */
  public StoredCheckpoints(
      CheckpointStore store, VolumeIdentity identity, Assemblies<S> assemblies) {
    this.store = store;
    this.identity = identity;
    this.assemblies = assemblies;
  }

  /** States as tables. */
  public static StoredCheckpoints<InodeTable> tables(
      CheckpointStore store, VolumeIdentity identity) {
    return new StoredCheckpoints<>(store, identity, StoredCheckpoints::table);
  }

  private static Assembly<InodeTable> table(int inodes, long nextNumber) {
    InodeTable.Builder builder = new InodeTable.Builder(inodes, nextNumber);
    return new Assembly<>() {
      @Override
      public void add(Inode inode) {
        builder.add(inode);
      }

      @Override
      public InodeTable build() {
        return builder.build();
      }
    };
  }

  @Override
  public Optional<Point<S>> latestAtOrBefore(long lsn) throws IOException {
    List<Long> stored = store.list();
    for (long at : stored.reversed()) {
      if (at <= lsn) {
        try {
          return Optional.of(new Point<>(at, load(at)));
        } catch (DamagedCheckpointException e) {
          // An older one, or the beginning of the journal, leads there as well, only later.
        }
      }
    }
    return Optional.empty();
  }

  private S load(long lsn) throws IOException {
    try (CheckpointReader reader = CheckpointReader.open(store, lsn, identity, Set.of())) {
      Assembly<S> assembly =
          assemblies.begin(
              (int) Math.min(Integer.MAX_VALUE / 2, reader.inodes()), reader.nextNumber());
      while (reader.next()) {
        assembly.add(reader.inode());
      }
      return assembly.build();
    }
  }
}
