package io.faultline.persistence.checkpoint;

import io.faultline.engine.device.JournalStore;
import io.faultline.engine.inode.Event;
import io.faultline.engine.journal.Tx;
import io.faultline.engine.runtime.Barrier;
import io.faultline.persistence.replay.JournalReader;
import io.faultline.persistence.segment.SegmentFiles;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drops what nothing needs any more: segments and checkpoints behind the oldest checkpoint that
 * {@link Keep} and recovery still ask for, and checkpoints too many.
 *
 * <p>The oldest checkpoint kept, the <em>base</em>, is the newest one at or before the first
 * transaction to be kept, so that every kept state can be reached. The segment that holds the
 * base's own transaction stays, so that a scan can hold the checkpoint against the journal. Before
 * anything goes, the base is read from end to end: a checkpoint that is damaged replaces nothing.
 *
 * <p>Order (rule R13): the base is durable, because it was published; then checkpoints behind it
 * go, then segments one by one from the oldest on, the names synced after each, so that a crash in
 * between leaves a journal without a hole. For one thread.
 */
final class Retention {
  private static final Logger LOG = LoggerFactory.getLogger(Retention.class);

  /**
   * All checkpoints together may take as many bytes as the journal, or this many times those of the
   * newest one, or this many bytes: whichever is most.
   */
  private static final int CHECKPOINTS_MIN = 4;

  private static final long CHECKPOINT_BYTES_MIN = 64L << 20;

  private final JournalStore journal;
  private final CheckpointStore checkpoints;
  private final VolumeIdentity identity;
  private final Keep keep;
  private final Set<CheckpointMutant> mutants;

  /** Time of the last event of a segment, by its first transaction: segments never change. */
  private final Map<Long, Long> times = new HashMap<>();

  /** The last base that was read from end to end. */
  private long verified;

  Retention(
      JournalStore journal,
      CheckpointStore checkpoints,
      VolumeIdentity identity,
      Keep keep,
      Set<CheckpointMutant> mutants) {
    this.journal = journal;
    this.checkpoints = checkpoints;
    this.identity = identity;
    this.keep = keep;
    this.mutants = mutants;
  }

  /**
   * Drops what may go.
   *
   * @param nowNanos wall clock, nanoseconds since 1970
   * @return how many segments went
   */
  int run(long nowNanos) throws IOException {
    List<SegmentFiles.Segment> segments = SegmentFiles.of(journal);
    long base = base(firstKept(segments, nowNanos));
    if (base == 0) {
      return 0;
    }
    dropCheckpoints(segments, base);
    int dropped = 0;
    for (int i = 0; i + 1 < segments.size(); i++) {
      long lastLsn = segments.get(i + 1).firstLsn() - 1;
      boolean behind =
          mutants.contains(CheckpointMutant.ONE_SEGMENT_TOO_MANY)
              ? segments.get(i).firstLsn() <= base + 1
              : lastLsn < base;
      if (!behind) {
        break;
      }
      journal.delete(segments.get(i).name());
      if (!Barrier.SEGMENT_DROP_SYNC.omitted()) {
        journal.syncDirectory();
      }
      times.remove(segments.get(i).firstLsn());
      dropped++;
    }
    return dropped;
  }

  /** The first transaction that has to stay for its own sake. */
  private long firstKept(List<SegmentFiles.Segment> segments, long nowNanos) throws IOException {
    int last = segments.size() - 1;
    int first =
        switch (keep) {
          case Keep.All all -> 0;
          case Keep.Bytes bytes -> {
            int i = last;
            for (long sum = segments.get(i).bytes(); i > 0 && sum < bytes.bytes(); i--) {
              sum += segments.get(i - 1).bytes();
            }
            yield i;
          }
          case Keep.Days days -> {
            int i = 0;
            while (i < last && lastTime(segments, i) < nowNanos - days.nanos()) {
              i++;
            }
            yield i;
          }
        };
    return segments.get(first).firstLsn();
  }

  /** When the last event of a segment that has a time happened; nanoseconds since 1970. */
  private long lastTime(List<SegmentFiles.Segment> segments, int index) throws IOException {
    long firstLsn = segments.get(index).firstLsn();
    Long known = times.get(firstLsn);
    if (known != null) {
      return known;
    }
    long last = Long.MIN_VALUE;
    long lastLsn = segments.get(index + 1).firstLsn() - 1;
    try (JournalReader reader = JournalReader.over(journal, identity, firstLsn, lastLsn)) {
      for (Tx tx = reader.next(); tx != null; tx = reader.next()) {
        for (Event event : tx.events()) {
          last = timeOf(event, last);
        }
      }
    }
    times.put(firstLsn, last);
    return last;
  }

  private static long timeOf(Event event, long without) {
    return switch (event) {
      case Event.Created e -> e.timeNanos();
      case Event.EntryAdded e -> e.timeNanos();
      case Event.EntryRemoved e -> e.timeNanos();
      case Event.LinksChanged e -> e.ctimeNanos();
      case Event.Moved e -> e.ctimeNanos();
      case Event.AttributesChanged e -> e.ctimeNanos();
      case Event.Freed e -> without;
      case Event.Truncated e -> e.ctimeNanos();
      case Event.RangePunched e -> e.ctimeNanos();
      case Event.RangeZeroed e -> e.ctimeNanos();
      case Event.ExtentsAllocated e -> e.ctimeNanos();
      case Event.ExtentsMapped e -> e.ctimeNanos();
      case Event.RangeCollapsed e -> e.ctimeNanos();
      case Event.RangeInserted e -> e.ctimeNanos();
    };
  }

  /** The newest whole checkpoint at or before transaction {@code firstKept}; 0 if there is none. */
  private long base(long firstKept) throws IOException {
    for (long lsn : checkpoints.list().reversed()) {
      if (lsn <= firstKept && (lsn == verified || whole(lsn))) {
        verified = lsn;
        return lsn;
      }
    }
    return 0;
  }

  private boolean whole(long lsn) throws IOException {
    try (CheckpointReader reader = CheckpointReader.open(checkpoints, lsn, identity, mutants)) {
      while (reader.next()) {
        // Only the checksums matter here.
      }
      return true;
    } catch (DamagedCheckpointException e) {
      LOG.warn("nothing is dropped behind a damaged checkpoint: {}", e.getMessage());
      return false;
    }
  }

  private void dropCheckpoints(List<SegmentFiles.Segment> segments, long base) throws IOException {
    List<Long> kept = new ArrayList<>();
    Map<Long, Long> bytes = new HashMap<>();
    boolean dropped = false;
    for (long lsn : checkpoints.list()) {
      if (lsn < base) {
        checkpoints.delete(lsn);
        dropped = true;
      } else {
        kept.add(lsn);
        bytes.put(lsn, bytesOf(lsn));
      }
    }
    long journalBytes = segments.stream().mapToLong(SegmentFiles.Segment::bytes).sum();
    long bytesMax =
        Math.max(
            Math.max(journalBytes, CHECKPOINT_BYTES_MIN),
            CHECKPOINTS_MIN * bytes.getOrDefault(kept.getLast(), 0L));
    for (long lsn : tooMany(kept, bytes, bytesMax)) {
      checkpoints.delete(lsn);
      dropped = true;
    }
    if (dropped && !Barrier.CHECKPOINT_DROP_SYNC.omitted()) {
      checkpoints.sync();
    }
  }

  private long bytesOf(long lsn) throws IOException {
    try (JournalStore.JournalFile file = checkpoints.open(lsn)) {
      return file.length();
    }
  }

  /**
   * Which checkpoints between the oldest and the two newest go so that all together are not larger
   * than allowed. Each time the one whose absence lengthens a replay least, in proportion to its
   * age: the past thins out, as it is looked at less the older it is.
   */
  static List<Long> tooMany(List<Long> lsns, Map<Long, Long> bytes, long bytesMax) {
    List<Long> left = new ArrayList<>(lsns);
    List<Long> go = new ArrayList<>();
    long sum = lsns.stream().mapToLong(lsn -> bytes.getOrDefault(lsn, 0L)).sum();
    long newest = left.getLast();
    while (sum > bytesMax && left.size() > 3) {
      int best = 1;
      double least = Double.MAX_VALUE;
      for (int i = 1; i < left.size() - 2; i++) {
        double distance = left.get(i + 1) - left.get(i - 1);
        double age = newest - left.get(i);
        if (distance / age < least) {
          least = distance / age;
          best = i;
        }
      }
      long lsn = left.remove(best);
      sum -= bytes.getOrDefault(lsn, 0L);
      go.add(lsn);
    }
    return go;
  }
}
