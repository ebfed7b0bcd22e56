package io.faultline.persistence.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.device.MemoryJournalStore;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.persistence.checkpoint.CheckpointMerge.Step;
import io.faultline.persistence.segment.SegmentLog;
import java.io.IOException;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: a recovery begins with the newest whole checkpoint, with an older one while the journal
 * reaches back, and is refused by one clear line otherwise; a journal that does not hold what its
 * checkpoint holds is refused; a refusal changes nothing. Method: files taken away, damaged and
 * mixed.
 */
@Timeout(60)
class RecoveryPointTest {
  private CheckpointedJournal volume;
  private NavigableMap<String, byte[]> journal;
  private NavigableMap<String, byte[]> checkpoints;

  @BeforeEach
  void write() throws Exception {
    volume = new CheckpointedJournal(31);
    volume.append(60);
    for (long lsn : new long[] {20, 50}) {
      volume.merge().run(new Step(Optional.empty(), lsn, Long.MAX_VALUE));
    }
    journal = CheckpointedJournal.content(volume.journal);
    checkpoints = CheckpointedJournal.content(volume.files);
  }

  @AfterEach
  void close() {
    volume.close();
  }

  private RecoveryPoint point() throws IOException {
    return RecoveryPoint.newest(
        CheckpointedJournal.storeOf(journal),
        new CheckpointFiles(CheckpointedJournal.storeOf(checkpoints)),
        volume.next());
  }

  private void assertRecovers(long fromLsn) throws IOException {
    assertThat(point().anchor().lsn()).isEqualTo(fromLsn);
    RecoveredState state =
        RecoveredState.read(
            CheckpointedJournal.storeOf(journal),
            new CheckpointFiles(CheckpointedJournal.storeOf(checkpoints)),
            volume.next());
    assertThat(state.lastLsn()).isEqualTo(60);
    CheckpointedJournal.assertSame(state.table(), volume.history.table());
    MemoryJournalStore store = CheckpointedJournal.storeOf(journal);
    try (SegmentLog log =
        SegmentLog.open(CheckpointedJournal.RUNTIME, store, volume.next(), point().anchor())) {
      assertThat(log.lastLsn()).isEqualTo(60);
    }
  }

  private void assertRefused(String... texts) throws IOException {
    MemoryJournalStore segments = CheckpointedJournal.storeOf(journal);
    MemoryJournalStore files = CheckpointedJournal.storeOf(checkpoints);
    long syncs = segments.syncs() + files.syncs();
    assertThatThrownBy(
            () -> {
              RecoveryPoint point =
                  RecoveryPoint.newest(segments, new CheckpointFiles(files), volume.next());
              SegmentLog.open(CheckpointedJournal.RUNTIME, segments, volume.next(), point.anchor())
                  .close();
            })
        .isInstanceOfSatisfying(
            FsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EUCLEAN))
        .hasMessageContainingAll(texts)
        .hasMessageNotContaining("\n");
    assertThat(segments.syncs() + files.syncs()).isEqualTo(syncs);
    assertUnchanged(segments, journal);
    assertUnchanged(files, checkpoints);
  }

  private static void assertUnchanged(MemoryJournalStore store, Map<String, byte[]> before)
      throws IOException {
    Map<String, byte[]> after = CheckpointedJournal.content(store);
    assertThat(after.keySet()).isEqualTo(before.keySet());
    after.forEach((name, bytes) -> assertThat(bytes).isEqualTo(before.get(name)));
  }

  private String name(long lsn) {
    return volume.store().nameOf(lsn);
  }

  private void damage(long lsn) {
    Objects.requireNonNull(checkpoints.get(name(lsn)))[70] ^= 1;
  }

  /** Drops the segments that hold nothing at or behind transaction {@code lsn}. */
  private void dropSegmentsBefore(long lsn) {
    while (journal.size() > 1 && firstLsn(journal.higherKey(journal.firstKey())) <= lsn) {
      journal.remove(journal.firstKey());
    }
  }

  private static long firstLsn(String name) {
    return Long.parseLong(name, 0, 16, 16);
  }

  @Test
  void newestCheckpointAndTheTailAreTheState() throws Exception {
    assertRecovers(50);
  }

  @Test
  void journalNeedOnlyReachBackToTheCheckpoint() throws Exception {
    dropSegmentsBefore(50);
    assertThat(firstLsn(journal.firstKey())).isGreaterThan(1);
    assertRecovers(50);
  }

  @Test
  void damagedCheckpointGivesWayToAnOlderOneOrToTheWholeJournal() throws Exception {
    damage(50);
    assertRecovers(20);
    damage(20);
    assertRecovers(0);
    checkpoints.clear();
    assertRecovers(0);
  }

  @Test
  void damagedCheckpointIsNamedWhenTheJournalDoesNotReachBack() throws Exception {
    dropSegmentsBefore(50);
    damage(50);
    assertRefused("checkpoint " + name(50), "with " + name(20) + " instead", "reach back");
    damage(20);
    assertRefused("checkpoint " + name(50), "with no checkpoint instead", "reach back");
  }

  @Test
  void missingCheckpointsAreSeenWhenTheJournalDoesNotReachBack() throws Exception {
    dropSegmentsBefore(50);
    checkpoints.clear();
    assertRefused("begins with transaction", "where 1 must come");
  }

  @Test
  void journalThatEndsBeforeTheCheckpointIsRefused() throws Exception {
    while (firstLsn(journal.lastKey()) > 25) {
      journal.remove(journal.lastKey());
    }
    assertRefused("the journal ends here, but a checkpoint holds transaction 50");
  }

  /** Rule R8: below the checkpoint nothing is a torn tail. */
  @Test
  void tornTailBelowTheCheckpointIsRefused() throws Exception {
    while (firstLsn(journal.lastKey()) > 50) {
      journal.remove(journal.lastKey());
    }
    byte[] last = journal.lastEntry().getValue();
    journal.put(journal.lastKey(), java.util.Arrays.copyOf(last, 64 + 30));
    assertRefused("a checkpoint holds transaction 50");
  }

  @Test
  void segmentMissingBehindTheCheckpointIsRefused() throws Exception {
    String newest = journal.lastKey();
    journal.remove(journal.lowerKey(newest));
    checkpoints.remove(name(50));
    assertRefused("must come");
  }

  @Test
  void checkpointOfAnotherVolumeOrANewerEpochIsPassedOver() throws Exception {
    checkpoints.put(name(55), checkpoints.get(name(50)));
    assertRecovers(50);
  }

  @Test
  void continuityNamesEveryGap() throws Exception {
    assertThat(continuity().problems()).isEmpty();
    assertThat(continuity().checkpoints()).containsExactly(20L, 50L);
    assertThat(continuity().firstLsn()).isEqualTo(1);
    assertThat(continuity().lastLsn()).isEqualTo(60);
    dropSegmentsBefore(50);
    assertThat(continuity().problems()).singleElement().asString().contains("behind checkpoint");
    checkpoints.remove(name(20));
    assertThat(continuity().problems()).isEmpty();
    damage(50);
    assertThat(continuity().problems())
        .anyMatch(p -> p.contains(name(50)))
        .anyMatch(p -> p.contains("there is no checkpoint"));
  }

  @Test
  void continuityNamesALostSegmentAndACheckpointAheadOfTheJournal() throws Exception {
    String newest = journal.lastKey();
    byte[] kept = journal.remove(newest);
    while (firstLsn(journal.lastKey()) > 25) {
      journal.remove(journal.lastKey());
    }
    assertThat(continuity().problems())
        .singleElement()
        .asString()
        .contains("is newer than the journal");
    journal.put(newest, kept);
    assertThat(continuity().problems()).anyMatch(p -> p.contains("must come"));
  }

  private Continuity continuity() throws IOException {
    return Continuity.check(
        CheckpointedJournal.storeOf(journal),
        new CheckpointFiles(CheckpointedJournal.storeOf(checkpoints)),
        volume.next());
  }
}
