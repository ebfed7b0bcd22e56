package io.faultline.persistence.history;

import io.faultline.engine.journal.Tx;
import io.faultline.engine.volume.Fsck;
import io.faultline.persistence.checkpoint.CheckpointFiles;
import io.faultline.persistence.checkpoint.StoredCheckpoints;
import io.faultline.persistence.replay.Checkpoints;
import io.faultline.persistence.replay.EventSource;
import io.faultline.persistence.replay.ReadOnlyDirectory;
import io.faultline.persistence.replay.Replay;
import io.faultline.persistence.volume.Superblock;
import io.faultline.persistence.volume.VolumeDirectory;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The history of a volume in a directory, of a process that ended, was killed, or goes on writing.
 * Takes no lock, writes nothing, and needs no more than the right to read. Not thread-safe.
 */
public final class VolumeHistory implements Closeable {
  private final Superblock superblock;
  private final JournalSource source;
  private final CheckpointFiles checkpoints;
  private final Replay<VolumeState, Tx> replay;
  private final Optional<Long> holder;

  private VolumeHistory(Path directory) throws IOException {
    superblock = VolumeDirectory.readSuperblock(directory);
    source = new JournalSource(directory);
    holder = VolumeDirectory.holder(directory);
    checkpoints =
        new CheckpointFiles(new ReadOnlyDirectory(VolumeDirectory.checkpointDirectory(directory)));
    Checkpoints<VolumeState> stored =
        new StoredCheckpoints<>(checkpoints, superblock.identity(), VolumeState::new);
    replay = new Replay<>(VolumeState.EMPTY, VolumeState::apply, source, stored);
  }

  /**
   * Opens the history of the volume in {@code directory}.
   *
   * @throws io.faultline.engine.errno.FsException as {@link VolumeDirectory#readSuperblock}
   */
  public static VolumeHistory open(Path directory) throws IOException {
    return new VolumeHistory(directory);
  }

  /** The walk through the states; one for all who ask. */
  public Replay<VolumeState, Tx> replay() {
    return replay;
  }

  /**
   * The state one transaction before where {@link #replay} stands and stays; that one itself where
   * nothing came before or it is gone.
   */
  public VolumeState before() throws IOException {
    VolumeState now = replay.state();
    long lsn = replay.lsn();
    if (!replay.back()) {
      return now;
    }
    VolumeState before = replay.state();
    replay.goTo(lsn);
    return before;
  }

  /** The transactions alone, without states. */
  public EventSource<Tx> events() {
    return source;
  }

  /**
   * The first position whose state can be had: 0, or the oldest checkpoint that the journal goes on
   * from if what was before it was removed.
   *
   * @throws IOException the beginning was removed and no checkpoint takes its place
   */
  public long beginning() throws IOException {
    long first = source.firstLsn();
    if (first == 1) {
      return 0;
    }
    for (long lsn : checkpoints.list()) {
      if (lsn >= first - 1) {
        return lsn;
      }
    }
    throw new IOException("the journal begins with LSN " + first + " and no checkpoint before it");
  }

  /**
   * What there is to read, in numbers that are others as soon as something was dropped: the first
   * transaction and those there is a checkpoint for.
   */
  public List<Long> kept() throws IOException {
    List<Long> kept = new ArrayList<>(checkpoints.list());
    kept.addFirst(source.firstLsn());
    return kept;
  }

  /** Where transaction {@code lsn} is written; empty if another one was read last. */
  public Optional<String> placeOf(long lsn) {
    return source.placeOf(lsn);
  }

  /** What is behind the last transaction and is none, as far as the end was looked at. */
  public Optional<String> tornTail() {
    return source.tornTail();
  }

  /** The process that has the volume open and may be appending. */
  public Optional<Long> holder() {
    return holder;
  }

  /** Blocks of the volume. */
  public long blocks() {
    return superblock.blocks();
  }

  /** Everything checked against everything in {@code state}. */
  public Fsck.Report fsck(VolumeState state) {
    return Fsck.check(state, blocks());
  }

  @Override
  public void close() throws IOException {
    replay.close();
  }
}
