package io.faultline.persistence.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.device.DirectoryJournalStore;
import io.faultline.engine.device.JournalStore;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.Tx;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.persistence.codec.TxCodec;
import io.faultline.persistence.history.NameIndex;
import io.faultline.persistence.history.VolumeDiff;
import io.faultline.persistence.history.VolumeHistory;
import io.faultline.persistence.history.VolumeState;
import io.faultline.persistence.replay.EventSource;
import io.faultline.persistence.segment.JournalAnchor;
import io.faultline.persistence.segment.SegmentFiles;
import io.faultline.persistence.segment.SegmentLog;
import io.faultline.persistence.volume.VolumeDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Goal: the history of a volume is the same with checkpoints, with a damaged one, and where the
 * journal in front of one is gone. Method: a journal of small segments and two checkpoints, walked
 * through beside the states of a plain fold.
 */
class HistoryFromCheckpointsTest {
  private static final int TRANSACTIONS = 120;

  @TempDir private Path temp;
  private Path volume = Path.of(".");
  private final List<List<Inode>> states = new ArrayList<>(List.of(List.of()));

  @BeforeEach
  void write() throws IOException {
    volume = temp.resolve("v");
    InodeTable table = new InodeTable();
    RandomHistory random = new RandomHistory(3);
    try (VolumeDirectory directory = VolumeDirectory.create(volume, "ext4", 1 << 20);
        SegmentLog log =
            SegmentLog.open(
                EngineRuntime.production(),
                directory.journalStore(),
                directory.superblock().identity(),
                JournalAnchor.BEGINNING,
                CheckpointedJournal.SEGMENT_BYTES)) {
      for (int i = 0; i < TRANSACTIONS; i++) {
        Tx tx = random.next(1);
        log.append(tx.lsn(), TxCodec.SERIALIZER_ID, TxCodec.MANIFEST, TxCodec.encode(tx)).join();
        tx.events().forEach(table::apply);
        states.add(table.all());
      }
      Optional<Long> base = Optional.empty();
      for (long lsn : new long[] {50, 90}) {
        CheckpointMerge merge =
            new CheckpointMerge(
                directory.journalStore(),
                checkpoints(),
                directory.superblock().identity(),
                Set.of());
        merge.run(new CheckpointMerge.Step(base, lsn, Long.MAX_VALUE));
        base = Optional.of(lsn);
      }
    }
  }

  private CheckpointFiles checkpoints() {
    return new CheckpointFiles(
        new DirectoryJournalStore(VolumeDirectory.checkpointDirectory(volume)));
  }

  private void assertWalk(VolumeHistory history, long first) throws IOException {
    for (long lsn = TRANSACTIONS; lsn >= first; lsn -= 7) {
      assertThat(history.replay().at(lsn).all()).as("lsn %d", lsn).isEqualTo(states.get((int) lsn));
    }
    history.replay().goTo(TRANSACTIONS);
    for (long lsn = TRANSACTIONS; lsn > first; lsn--) {
      assertThat(history.replay().event()).get().extracting(Tx::lsn).isEqualTo(lsn);
      assertThat(history.replay().back()).isTrue();
      assertThat(history.replay().state().all()).isEqualTo(states.get((int) lsn - 1));
    }
    assertThat(history.replay().lsn()).isEqualTo(first);
  }

  @Test
  void theWholeOfIt() throws IOException {
    try (VolumeHistory history = VolumeHistory.open(volume)) {
      assertThat(history.beginning()).isZero();
      assertWalk(history, 0);
      assertThat(history.replay().back()).isFalse();
    }
  }

  @Test
  void statesOverACheckpointAnswerAsThoseFoldedFromTheFirstEvent() throws IOException {
    List<VolumeState> folded = new ArrayList<>(List.of(VolumeState.EMPTY));
    Random random = new Random(23);
    try (VolumeHistory history = VolumeHistory.open(volume)) {
      try (EventSource.Cursor<Tx> cursor = history.events().from(1)) {
        for (EventSource.Entry<Tx> e = cursor.next(); e != null; e = cursor.next()) {
          folded.add(folded.getLast().apply(e.event()));
        }
      }
      for (int i = 0; i < 100; i++) {
        int one = random.nextInt(TRANSACTIONS + 1);
        int other = i % 2 == 0 ? Math.min(TRANSACTIONS, one + 1) : random.nextInt(TRANSACTIONS + 1);
        VolumeState a = history.replay().at(one);
        VolumeState b = history.replay().at(other);
        assertThat(VolumeDiff.between(a, b))
            .as("%d to %d", one, other)
            .isEqualTo(VolumeDiff.between(folded.get(one), folded.get(other)));
        assertSame(b, folded.get(other), random);
      }
    }
  }

  private static void assertSame(VolumeState found, VolumeState folded, Random random) {
    assertThat(found).isEqualTo(folded).hasSameHashCodeAs(folded);
    assertThat(found.size()).isEqualTo(folded.size());
    NameIndex all = folded.names();
    List<Long> some = new ArrayList<>();
    for (long ino = 0; ino < 200; ino++) {
      assertThat(found.get(ino)).isEqualTo(folded.get(ino));
      if (random.nextInt(4) == 0) {
        some.add(ino);
      }
    }
    NameIndex named = found.names(some);
    assertThat(some).allSatisfy(ino -> assertThat(named.paths(ino)).isEqualTo(all.paths(ino)));
    long any = some.getFirst();
    assertThat(found.names(List.of(any)).path(any)).isEqualTo(all.path(any));
  }

  @Test
  void whatACheckpointReplacedIsGoneAndTheRestIsThere() throws IOException {
    JournalStore journal = new DirectoryJournalStore(VolumeDirectory.journalDirectory(volume));
    List<SegmentFiles.Segment> segments = SegmentFiles.of(journal);
    for (int i = 0; segments.get(i + 1).firstLsn() - 1 < 50; i++) {
      journal.delete(segments.get(i).name());
    }
    try (VolumeHistory history = VolumeHistory.open(volume)) {
      assertThat(history.events().firstLsn()).isBetween(2L, 51L);
      assertThat(history.beginning()).isEqualTo(50);
      assertWalk(history, 50);
      assertThat(history.replay().back()).isFalse();
      assertThatThrownBy(() -> history.replay().goTo(30)).hasMessageContaining("LSN 30 is gone");
      assertThat(history.replay().at(50).all()).isEqualTo(states.get(50));
    }
    checkpoints().delete(50);
    try (VolumeHistory history = VolumeHistory.open(volume)) {
      assertThat(history.beginning()).isEqualTo(90);
    }
    checkpoints().delete(90);
    try (VolumeHistory history = VolumeHistory.open(volume)) {
      assertThatThrownBy(history::beginning).hasMessageContaining("no checkpoint before it");
    }
  }
}
