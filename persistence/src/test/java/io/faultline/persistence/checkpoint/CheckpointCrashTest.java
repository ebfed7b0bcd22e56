package io.faultline.persistence.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.device.MemoryJournalStore;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.TransactionLog;
import io.faultline.engine.journal.Tx;
import io.faultline.engine.runtime.Barrier;
import io.faultline.persistence.codec.TxCodec;
import io.faultline.persistence.replay.JournalReader;
import io.faultline.persistence.segment.SegmentLog;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Goal: rule R13 for checkpoints and what is dropped behind them. Whatever a power cut leaves at
 * any step, the volume opens to a state that has all that was acknowledged, its journal has no
 * hole, and nothing was dropped that is still needed. Method: a volume on two stores in memory
 * whose every change and sync is followed by power cuts: nothing unsynced survives, everything
 * does, and several mixtures. Each step left out must be found by the same power cuts.
 */
@Timeout(60)
class CheckpointCrashTest {
  private static final int TRANSACTIONS = 120;
  private static final int MIXTURES = 2;

  /** Less than a segment: some records fill zeros, some run over them. */
  private static final int ZEROS_AHEAD_BYTES = 600;

  /** What the power cuts found, and how many there were. */
  private record Found(List<String> failures, int crashes, long checkpoints, long dropped) {}

  /** One run, and the power cuts in it. */
  private static final class Run {
    private final MemoryJournalStore journal = new MemoryJournalStore(ZEROS_AHEAD_BYTES);
    private final MemoryJournalStore files = new MemoryJournalStore();
    private final ConcurrentHashMap<Long, List<?>> states = new ConcurrentHashMap<>();
    private final List<String> failures = new ArrayList<>();
    private volatile long acknowledged;
    private volatile boolean watching;
    private int crashes;

    Found go(Keep keep, CheckpointMutant... mutants) throws Exception {
      states.put(0L, List.of());
      Set<CheckpointMutant> omitted = Set.of(mutants);
      try (CheckpointedJournal volume =
          new CheckpointedJournal(
              5,
              new WatchedStore(journal, this::powerCuts),
              new WatchedStore(files, this::powerCuts))) {
        watching = true;
        Checkpointer checkpointer =
            new Checkpointer(
                CheckpointedJournal.RUNTIME,
                volume.journal,
                new CheckpointFiles(volume.files),
                volume.identity,
                new Checkpointer.Options(25, Long.MAX_VALUE, keep),
                0,
                0,
                0,
                omitted);
        TransactionLog log = checkpointer.counting(tx -> persist(volume, tx));
        for (int i = 0; i < TRANSACTIONS; i++) {
          Tx tx = volume.history.next(1);
          states.put(tx.lsn(), volume.history.table().all());
          log.persist(tx).toCompletableFuture().join();
          checkpointer.awaitIdle();
        }
        checkpointer.close();
        watching = false;
        return new Found(failures, crashes, checkpointer.written(), checkpointer.droppedSegments());
      }
    }

    private CompletionStage<Void> persist(CheckpointedJournal volume, Tx tx) {
      return volume
          .log
          .append(tx.lsn(), TxCodec.SERIALIZER_ID, TxCodec.MANIFEST, TxCodec.encode(tx))
          .thenRun(() -> acknowledged = tx.lsn());
    }

    /** On the journal's or the checkpoint's thread; only one of them is at work at a time. */
    private void powerCuts() {
      if (watching) {
        powerCut("nothing unsynced", journal.crash(), files.crash());
        for (long mixture = 1; mixture <= MIXTURES; mixture++) {
          long seed = MIXTURES * (long) crashes + mixture;
          powerCut("mixture " + seed, journal.crash(seed), files.crash(~seed));
        }
      }
    }

    private void powerCut(String what, MemoryJournalStore journal, MemoryJournalStore files) {
      crashes++;
      try {
        CheckpointStore checkpoints = new CheckpointFiles(files);
        VolumeIdentity identity = new VolumeIdentity(CheckpointedJournal.VOLUME, 2);
        Continuity continuity = Continuity.check(journal, checkpoints, identity);
        RecoveredState state = RecoveredState.read(journal, checkpoints, identity);
        check(state.lastLsn() >= acknowledged, what, "lost " + acknowledged);
        check(
            state.table().all().equals(states.get(state.lastLsn())),
            what,
            "wrong state at " + state.lastLsn());
        check(continuity.problems().isEmpty(), what, continuity.problems().toString());
        check(continuity.lastLsn() == state.lastLsn(), what, "journal ends early");
        readThrough(journal, identity);
        if (crashes % 5 == 0) {
          RecoveryPoint start = RecoveryPoint.newest(journal, checkpoints, identity);
          SegmentLog.open(CheckpointedJournal.RUNTIME, journal, identity, start.anchor()).close();
        }
      } catch (IOException | RuntimeException e) {
        failures.add(what + " behind " + acknowledged + ": " + e.getMessage());
      }
      // One failure is enough, and a damaged volume would only give more of it.
      watching = failures.isEmpty();
    }

    private void readThrough(MemoryJournalStore journal, VolumeIdentity identity)
        throws IOException {
      try (JournalReader reader = JournalReader.over(journal, identity, 1, Long.MAX_VALUE)) {
        while (reader.next() != null) {
          // A hole would be refused.
        }
      }
    }

    private void check(boolean held, String what, String otherwise) {
      if (!held) {
        failures.add(what + " behind " + acknowledged + ": " + otherwise);
      }
    }
  }

  @Test
  void everyPowerCutLeavesAVolumeThatOpensToWhatWasAcknowledged() throws Exception {
    for (Keep keep : List.of(new Keep.Bytes(0), new Keep.All())) {
      Found found = new Run().go(keep);
      assertThat(found.failures()).isEmpty();
      assertThat(found.checkpoints()).isGreaterThan(5);
      if (keep instanceof Keep.Bytes) {
        assertThat(found.dropped()).as(keep.toString()).isGreaterThan(1);
      } else {
        assertThat(found.dropped()).isZero();
      }
      assertThat(found.crashes()).isGreaterThan(1_000);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = CheckpointMutant.class,
      names = "CHECKSUM_UNCHECKED",
      mode = EnumSource.Mode.EXCLUDE)
  void everyStepLeftOutIsFoundByAPowerCut(CheckpointMutant mutant) throws Exception {
    assertThat(new Run().go(new Keep.Bytes(0), mutant).failures()).isNotEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      value = Barrier.class,
      names = {
        "CHECKPOINT_SYNC",
        "CHECKPOINT_DIRECTORY_SYNC",
        "CHECKPOINT_DROP_SYNC",
        "SEGMENT_DROP_SYNC",
        "SEGMENT_CUT_SYNC"
      })
  void everySyncLeftOutIsFoundByAPowerCut(Barrier site) throws Exception {
    Barrier.omit(site);
    try {
      assertThat(new Run().go(new Keep.Bytes(0)).failures()).isNotEmpty();
    } finally {
      Barrier.omit(null);
    }
  }

  /** The table is the caller's: what happens to it later is not in what was kept. */
  @Test
  void statesOfTheRunAreValues() throws Exception {
    try (CheckpointedJournal volume = new CheckpointedJournal(5)) {
      volume.append(20);
      InodeTable then = volume.fold(20);
      volume.append(20);
      assertThat(volume.fold(20)).isEqualTo(then);
      assertThat(volume.history.table()).isNotEqualTo(then);
    }
  }
}
