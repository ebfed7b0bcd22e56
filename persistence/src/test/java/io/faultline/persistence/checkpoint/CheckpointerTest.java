package io.faultline.persistence.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.device.MemoryJournalStore;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.journal.TransactionLog;
import io.faultline.engine.journal.Tx;
import io.faultline.persistence.codec.TxCodec;
import io.faultline.persistence.replay.JournalReader;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: checkpoints are taken when enough has become durable and never otherwise, a failure costs
 * the volume nothing, a long past is caught up with in steps, and commits go on meanwhile. Method:
 * a journal in memory, with commits, failures and long tails.
 */
@Timeout(60)
class CheckpointerTest {
  private static final long NO_LIMIT = Long.MAX_VALUE;

  private static Checkpointer checkpointer(
      CheckpointedJournal volume, Checkpointer.Options options, long durable, long tailEvents) {
    return new Checkpointer(
        CheckpointedJournal.RUNTIME,
        volume.journal,
        volume.store(),
        volume.identity,
        options,
        durable,
        tailEvents,
        0);
  }

  private static Checkpointer.Options every(long events) {
    return new Checkpointer.Options(events, NO_LIMIT, new Keep.All());
  }

  private static TransactionLog counted(CheckpointedJournal volume, Checkpointer checkpointer) {
    return checkpointer.counting(
        tx ->
            volume.log.append(
                tx.lsn(), TxCodec.SERIALIZER_ID, TxCodec.MANIFEST, TxCodec.encode(tx)));
  }

  /** Commits without waiting for checkpoints; the last stage. */
  private static void commit(CheckpointedJournal volume, TransactionLog log, int count) {
    CompletableFuture<Void> last = CompletableFuture.completedFuture(null);
    for (int i = 0; i < count; i++) {
      last = log.persist(volume.history.next(1)).toCompletableFuture();
    }
    last.join();
  }

  private static void assertRecovers(CheckpointedJournal volume) throws IOException {
    RecoveredState state = RecoveredState.read(volume.journal, volume.store(), volume.next());
    assertThat(state.lastLsn()).isEqualTo(volume.history.lsn());
    CheckpointedJournal.assertSame(state.table(), volume.history.table());
  }

  @Test
  void checkpointsAreTakenWhileCommitsGoOn() throws Exception {
    for (int seed = 0; seed < 20; seed++) {
      try (CheckpointedJournal volume = new CheckpointedJournal(seed)) {
        Checkpointer checkpointer =
            checkpointer(volume, new Checkpointer.Options(10, NO_LIMIT, new Keep.Bytes(0)), 0, 0);
        commit(volume, counted(volume, checkpointer), 100);
        checkpointer.close();
        assertThat(checkpointer.written()).isPositive();
        assertRecovers(volume);
        assertThat(Continuity.check(volume.journal, volume.store(), volume.identity).problems())
            .isEmpty();
      }
    }
  }

  @Test
  void tooFewEventsMakeNoCheckpointAndBytesAreALimitOfTheirOwn() throws Exception {
    try (CheckpointedJournal volume = new CheckpointedJournal(1)) {
      Checkpointer few = checkpointer(volume, every(1_000_000), 0, 0);
      commit(volume, counted(volume, few), 50);
      few.close();
      assertThat(volume.store().list()).isEmpty();
      Checkpointer large =
          checkpointer(volume, new Checkpointer.Options(1_000_000, 500, new Keep.All()), 50, 100);
      commit(volume, counted(volume, large), 50);
      large.close();
      assertThat(volume.store().list()).isNotEmpty();
      assertRecovers(volume);
    }
  }

  @Test
  void volumeOfManyInodesTakesThemFurtherApart() throws Exception {
    try (CheckpointedJournal volume = new CheckpointedJournal(1)) {
      Checkpointer many =
          new Checkpointer(
              CheckpointedJournal.RUNTIME,
              volume.journal,
              volume.store(),
              volume.identity,
              every(10),
              0,
              0,
              4_000);
      commit(volume, counted(volume, many), 50);
      many.close();
      assertThat(volume.store().list()).isEmpty();
    }
  }

  /** What an earlier process left is caught up with at the first commit, not before. */
  @Test
  void longTailIsCaughtUpWithInStepsOnceSomethingHappens() throws Exception {
    try (CheckpointedJournal volume = new CheckpointedJournal(2)) {
      volume.append(150);
      long events = 0;
      try (JournalReader reader =
          JournalReader.over(volume.journal, volume.identity, 1, NO_LIMIT)) {
        for (Tx tx = reader.next(); tx != null; tx = reader.next()) {
          events += tx.events().size();
        }
      }
      Checkpointer checkpointer = checkpointer(volume, every(10), 150, events);
      checkpointer.awaitIdle();
      assertThat(volume.store().list()).isEmpty();
      commit(volume, counted(volume, checkpointer), 1);
      checkpointer.awaitIdle();
      checkpointer.close();
      assertThat(checkpointer.written()).isBetween(events / 30, events / 20 + 1);
      assertThat(volume.store().list().getLast()).isGreaterThan(140);
      assertRecovers(volume);
    }
  }

  @Test
  void failedCheckpointCostsNothingAndIsTriedAgainLater() throws Exception {
    MemoryJournalStore files = new MemoryJournalStore();
    try (CheckpointedJournal volume = new CheckpointedJournal(3, new MemoryJournalStore(), files)) {
      Checkpointer checkpointer = checkpointer(volume, every(20), 0, 0);
      TransactionLog log = counted(volume, checkpointer);
      files.failSync(1, true);
      commit(volume, log, 30);
      checkpointer.awaitIdle();
      assertThat(checkpointer.written()).isZero();
      assertThat(volume.store().list()).isEmpty();
      assertThat(files.list()).isEmpty();
      files.heal();
      commit(volume, log, 30);
      checkpointer.close();
      assertThat(checkpointer.written()).isPositive();
      assertRecovers(volume);
    }
  }

  @Test
  void whatACrashedWriterLeftIsWrittenOver() throws Exception {
    try (CheckpointedJournal volume = new CheckpointedJournal(4)) {
      try (var draft = volume.files.open("draft.tmp", true)) {
        draft.write(java.nio.ByteBuffer.allocate(100_000), 0);
      }
      Checkpointer checkpointer = checkpointer(volume, every(20), 0, 0);
      commit(volume, counted(volume, checkpointer), 30);
      checkpointer.close();
      assertThat(volume.files.list()).noneMatch(name -> name.endsWith(".tmp"));
      assertRecovers(volume);
    }
  }

  @Test
  void closedTakesNoMore() throws Exception {
    try (CheckpointedJournal volume = new CheckpointedJournal(5)) {
      Checkpointer checkpointer = checkpointer(volume, every(20), 0, 0);
      TransactionLog log = counted(volume, checkpointer);
      checkpointer.close();
      commit(volume, log, 50);
      assertThat(volume.store().list()).isEmpty();
    }
  }

  @Test
  void readerWhoseSegmentIsDroppedIsToldSo() throws Exception {
    try (CheckpointedJournal volume = new CheckpointedJournal(6)) {
      volume.append(60);
      List<String> segments = volume.journal.list();
      try (JournalReader reader =
          JournalReader.over(volume.journal, volume.identity, 1, NO_LIMIT)) {
        assertThat(reader.next()).isNotNull();
        volume.journal.delete(segments.get(1));
        assertThatThrownBy(
                () -> {
                  while (reader.next() != null) {
                    // Until the gap.
                  }
                })
            .isInstanceOf(FsException.class)
            .hasMessageContaining("was dropped while the journal was being read");
      }
    }
  }
}
