package io.faultline.persistence.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.InodeTable;
import io.faultline.persistence.checkpoint.CheckpointMerge.Made;
import io.faultline.persistence.checkpoint.CheckpointMerge.Step;
import io.faultline.persistence.replay.Checkpoints;
import java.util.List;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Goal: a checkpoint made of an older one and a stretch of journal is the state that a replay of
 * everything gives. Method: random histories, checkpoints of checkpoints at random distances, each
 * compared with the fold of the whole journal; a mutant that the comparison must find.
 */
@Timeout(60)
class CheckpointMergeTest {
  private static final long ALL = Long.MAX_VALUE;

  /** Makes a chain of checkpoints and gives how many of them were wrong. */
  private static int wrong(long seed, CheckpointMutant... mutants) throws Exception {
    int wrong = 0;
    try (CheckpointedJournal volume = new CheckpointedJournal(seed)) {
      Checkpoints<InodeTable> stored = StoredCheckpoints.tables(volume.store(), volume.identity);
      Optional<Long> base = Optional.empty();
      for (int distance : new int[] {1, 2, 30, 7, 60, 1, 15}) {
        volume.append(distance);
        Made made;
        try {
          made = volume.merge(mutants).run(new Step(base, volume.history.lsn(), ALL));
        } catch (FsException e) {
          if (mutants.length == 0) {
            throw e;
          }
          // What is wrong in a checkpoint does not fit the events behind it.
          return wrong + 1;
        }
        assertThat(made.lsn()).isEqualTo(volume.history.lsn());
        base = Optional.of(made.lsn());
        Checkpoints.Point<InodeTable> point = stored.latestAtOrBefore(ALL).orElseThrow();
        assertThat(point.lsn()).isEqualTo(made.lsn());
        InodeTable expected = volume.fold(made.lsn());
        assertThat(volume.history.table()).isEqualTo(expected);
        boolean same =
            point.state().equals(expected) && point.state().nextNumber() == expected.nextNumber();
        wrong += same ? 0 : 1;
      }
    }
    return wrong;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void checkpointOfACheckpointIsWhatAFullReplayGives(long seed) throws Exception {
    assertThat(wrong(seed)).isZero();
  }

  @Test
  void checkpointThatIsOneEventShortIsSeen() throws Exception {
    assertThat(wrong(1, CheckpointMutant.ONE_EVENT_SHORT)).isPositive();
  }

  @Test
  void stepEndsBehindTheTransactionThatReachesItsEvents() throws Exception {
    try (CheckpointedJournal volume = new CheckpointedJournal(9)) {
      volume.append(100);
      Optional<Long> base = Optional.empty();
      long total = 0;
      int steps = 0;
      for (long lsn = 0; lsn < 100; steps++) {
        Made made = volume.merge().run(new Step(base, 100, 20));
        assertThat(made.lsn()).isGreaterThan(lsn);
        assertThat(made.events()).isBetween(1L, 30L);
        lsn = made.lsn();
        total += made.events();
        base = Optional.of(lsn);
      }
      assertThat(steps).isGreaterThan(5);
      assertThat(volume.store().list()).hasSize(steps);
      assertThat(total).isGreaterThan(100);
      CheckpointedJournal.assertSame(
          RecoveryPoint.newest(volume.journal, volume.store(), volume.identity).table(),
          volume.history.table());
    }
  }

  @Test
  void nothingBehindTheBaseMakesNothing() throws Exception {
    try (CheckpointedJournal volume = new CheckpointedJournal(9)) {
      volume.append(3);
      volume.merge().run(new Step(Optional.empty(), 3, ALL));
      byte[] before = CheckpointedJournal.content(volume.files).firstEntry().getValue();
      assertThat(volume.merge().run(new Step(Optional.of(3L), 3, ALL)))
          .isEqualTo(new Made(3, 0, 0));
      assertThat(volume.store().list()).containsExactly(3L);
      assertThat(CheckpointedJournal.content(volume.files).firstEntry().getValue())
          .isEqualTo(before);
    }
  }

  /** The same state is the same bytes, whichever checkpoints lay between. */
  @Test
  void bytesDoNotDependOnTheWayThere() throws Exception {
    try (CheckpointedJournal volume = new CheckpointedJournal(11)) {
      volume.append(40);
      volume.merge().run(new Step(Optional.empty(), 40, ALL));
      byte[] atOnce = CheckpointedJournal.content(volume.files).lastEntry().getValue();
      volume.store().delete(40);
      volume.merge().run(new Step(Optional.empty(), 13, ALL));
      volume.merge().run(new Step(Optional.of(13L), 40, ALL));
      assertThat(CheckpointedJournal.content(volume.files).lastEntry().getValue())
          .isEqualTo(atOnce);
    }
  }

  @Test
  void latestAtOrBeforeGivesTheNewestThatIsNotBehindAndPassesOverDamage() throws Exception {
    try (CheckpointedJournal volume = new CheckpointedJournal(12)) {
      volume.append(30);
      for (long lsn : List.of(10L, 20L, 30L)) {
        volume.merge().run(new Step(Optional.empty(), lsn, ALL));
      }
      Checkpoints<InodeTable> stored = StoredCheckpoints.tables(volume.store(), volume.identity);
      assertThat(stored.latestAtOrBefore(9)).isEmpty();
      for (long lsn = 10; lsn <= 31; lsn++) {
        Checkpoints.Point<InodeTable> point = stored.latestAtOrBefore(lsn).orElseThrow();
        assertThat(point.lsn()).isEqualTo(Math.min(30, lsn / 10 * 10));
        CheckpointedJournal.assertSame(point.state(), volume.fold(point.lsn()));
      }
      NavigableMap<String, byte[]> files = CheckpointedJournal.content(volume.files);
      Objects.requireNonNull(files.get(volume.store().nameOf(20)))[100] ^= 1;
      assertThat(
              StoredCheckpoints.tables(
                      new CheckpointFiles(CheckpointedJournal.storeOf(files)), volume.identity)
                  .latestAtOrBefore(29)
                  .orElseThrow()
                  .lsn())
          .isEqualTo(10);
    }
  }

  /** A base from another history of the same volume is refused, not merged. */
  @Test
  void baseOfAnotherJournalIsRefused() throws Exception {
    try (CheckpointedJournal one = new CheckpointedJournal(1);
        CheckpointedJournal two = new CheckpointedJournal(2)) {
      one.append(20);
      two.append(20);
      one.merge().run(new Step(Optional.empty(), 10, ALL));
      CheckpointMerge mixed =
          new CheckpointMerge(two.journal, one.store(), two.identity, java.util.Set.of());
      assertThatThrownBy(() -> mixed.run(new Step(Optional.of(10L), 20, ALL)))
          .isInstanceOf(FsException.class)
          .hasMessageContaining("transaction 10: it is not the one that the checkpoint was made");
    }
  }
}
