package io.faultline.persistence.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.inode.InodeTable;
import io.faultline.persistence.checkpoint.CheckpointMerge.Step;
import io.faultline.persistence.replay.Checkpoints;
import io.faultline.persistence.replay.JournalReader;
import io.faultline.persistence.replay.VolumeReplay;
import io.faultline.persistence.segment.SegmentFiles;
import io.faultline.persistence.segment.SegmentScanner;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: what is to be kept is kept and can be reached, what is not goes. Method: one history, each
 * kind of keeping, every transaction that is left reached from a checkpoint and compared with a
 * replay made before anything went.
 */
@Timeout(60)
class RetentionTest {
  private static final int TRANSACTIONS = 120;
  private static final long DAY_NANOS = 86_400_000_000_000L;

  private CheckpointedJournal volume;
  private final TreeMap<Long, InodeTable> states = new TreeMap<>();

  @BeforeEach
  void write() throws Exception {
    volume = new CheckpointedJournal(41);
    Optional<Long> base = Optional.empty();
    for (long lsn = 1; lsn <= TRANSACTIONS; lsn++) {
      volume.append();
      if (lsn % 15 == 0) {
        base = Optional.of(volume.merge().run(new Step(base, lsn, Long.MAX_VALUE)).lsn());
      }
    }
    for (long lsn = 1; lsn <= TRANSACTIONS; lsn++) {
      states.put(lsn, volume.fold(lsn));
    }
  }

  @AfterEach
  void close() {
    volume.close();
  }

  private int run(Keep keep, long nowNanos) throws IOException {
    int dropped =
        new Retention(volume.journal, volume.store(), volume.identity, keep, Set.of())
            .run(nowNanos);
    Continuity continuity = Continuity.check(volume.journal, volume.store(), volume.identity);
    assertThat(continuity.problems()).isEmpty();
    return dropped;
  }

  /** Reaches every transaction from {@code firstLsn} on through a checkpoint. */
  private void assertReachable(long firstLsn) throws IOException {
    Checkpoints<InodeTable> stored = StoredCheckpoints.tables(volume.store(), volume.identity);
    for (long lsn = firstLsn; lsn <= TRANSACTIONS; lsn++) {
      Checkpoints.Point<InodeTable> point =
          stored
              .latestAtOrBefore(lsn)
              .orElseGet(() -> new Checkpoints.Point<>(0, new InodeTable()));
      try (JournalReader reader =
          JournalReader.over(volume.journal, volume.identity, point.lsn() + 1, lsn)) {
        VolumeReplay.apply(reader, lsn, point.state());
      }
      CheckpointedJournal.assertSame(point.state(), Objects.requireNonNull(states.get(lsn)));
    }
  }

  private long journalBytes() throws IOException {
    return SegmentFiles.of(volume.journal).stream().mapToLong(SegmentFiles.Segment::bytes).sum();
  }

  @Test
  void allKeepsEverything() throws Exception {
    assertThat(run(new Keep.All(), Long.MAX_VALUE)).isZero();
    assertReachable(1);
  }

  @Test
  void bytesKeepsAtLeastThatMuch() throws Exception {
    long whole = journalBytes();
    assertThat(run(new Keep.Bytes(whole), 0)).isZero();
    long kept = whole / 2;
    assertThat(run(new Keep.Bytes(kept), 0)).isPositive();
    assertThat(journalBytes()).isBetween(kept, kept + 4 * CheckpointedJournal.SEGMENT_BYTES);
    assertReachable(volume.store().list().getFirst());
    assertThat(run(new Keep.Bytes(kept), 0)).isZero();
    assertThat(run(new Keep.Bytes(0), 0)).isPositive();
    assertThat(journalBytes()).isLessThan(4 * CheckpointedJournal.SEGMENT_BYTES);
    assertReachable(volume.store().list().getFirst());
  }

  @Test
  void daysKeepsSegmentsWhoseLastEventIsThatYoung() throws Exception {
    List<SegmentFiles.Segment> segments = SegmentFiles.of(volume.journal);
    // The last event of segment i happened just two days ago, or just not.
    int i = 2;
    while (segments.get(i).firstLsn() / 15 == segments.get(i + 1).firstLsn() / 15) {
      i++;
    }
    long last = RandomHistory.timeOf(segments.get(i + 1).firstLsn() - 1);
    Keep two = new Keep.Days(2);
    long firstKept = segments.get(i).firstLsn();
    assertThat(run(two, last + 2 * DAY_NANOS)).isPositive();
    assertThat(SegmentScanner.firstLsn(volume.journal)).isLessThanOrEqualTo(firstKept);
    assertThat(volume.store().list().getFirst()).isLessThanOrEqualTo(firstKept);
    assertReachable(firstKept);
    long oldest = volume.store().list().getFirst();
    run(two, last + 2 * DAY_NANOS + 3);
    assertThat(volume.store().list().getFirst()).isGreaterThan(oldest);
    run(two, Long.MAX_VALUE);
    assertReachable(volume.store().list().getFirst());
    assertThat(SegmentFiles.of(volume.journal).size()).isLessThan(4);
  }

  @Test
  void nothingGoesBehindADamagedCheckpoint() throws Exception {
    List<Long> stored = volume.store().list();
    for (long lsn : stored) {
      try (var file = volume.store().open(lsn)) {
        file.write(java.nio.ByteBuffer.allocate(1), 66);
      }
    }
    assertThat(
            new Retention(
                    volume.journal, volume.store(), volume.identity, new Keep.Bytes(0), Set.of())
                .run(0))
        .isZero();
    assertThat(volume.store().list()).isEqualTo(stored);
    assertThat(SegmentScanner.firstLsn(volume.journal)).isEqualTo(1);
  }

  @Test
  void checkpointsThinOutWithAge() {
    List<Long> lsns = new java.util.ArrayList<>();
    Map<Long, Long> bytes = new TreeMap<>();
    for (long lsn = 100; lsn <= 2_000; lsn += 100) {
      lsns.add(lsn);
      bytes.put(lsn, 10L);
    }
    assertThat(Retention.tooMany(lsns, bytes, 1_000)).isEmpty();
    List<Long> left = new java.util.ArrayList<>(lsns);
    left.removeAll(Retention.tooMany(lsns, bytes, 80));
    assertThat(left).hasSize(8).startsWith(100L).endsWith(1_900L, 2_000L);
    for (int i = 2; i < left.size() - 1; i++) {
      assertThat(left.get(i + 1) - left.get(i))
          .isLessThanOrEqualTo(2 * (left.get(i) - left.get(i - 1)));
    }
    // Recovery may need the oldest and the two newest, whatever they take.
    List<Long> least = new java.util.ArrayList<>(lsns);
    least.removeAll(Retention.tooMany(lsns, bytes, 0));
    assertThat(least).containsExactly(100L, 1_900L, 2_000L);
  }
}
