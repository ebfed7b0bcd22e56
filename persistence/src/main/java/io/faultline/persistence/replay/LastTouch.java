package io.faultline.persistence.replay;

import io.faultline.engine.extent.BlockRun;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.InodeApply;
import io.faultline.engine.journal.Tx;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which transaction touched an inode or some blocks last: one scan of the journal for any number of
 * questions. An event touches the inode it changes, the child that a name of it leads to, and the
 * blocks that it maps or frees.
 */
public final class LastTouch {
  /** The answer where no transaction did. */
  public static final long NEVER = 0;

  /**
   * A question.
   *
   * @param ino of an inode; not looked at if blocks are given
   * @param blocks of the device
   */
  public record Subject(long ino, @Nullable BlockRun blocks) {}

  private final List<Subject> subjects;
  private final long[] answers;
  private final Map<Long, List<Integer>> byInode = new HashMap<>();
  private final List<Integer> byBlocks = new ArrayList<>();
  private final BitSet watched = new BitSet();

  private LastTouch(List<Subject> subjects) {
    this.subjects = subjects;
    this.answers = new long[subjects.size()];
    for (int i = 0; i < subjects.size(); i++) {
      BlockRun blocks = subjects.get(i).blocks();
      if (blocks == null) {
        byInode.computeIfAbsent(subjects.get(i).ino(), ino -> new ArrayList<>()).add(i);
      } else {
        byBlocks.add(i);
        watched.set(index(blocks.start()), index(blocks.end()));
      }
    }
  }

  /** A place in the bit map; blocks that no image can have share the last one. */
  private static int index(long block) {
    return (int) Math.min(block, Integer.MAX_VALUE - 1);
  }

  /**
   * The LSN of the last transaction for each of {@code subjects}, or {@link #NEVER}.
   *
   * @param reader stands where the scan begins
   * @param uptoLsn the last one to look at; what is behind it is not read and may be damaged
   */
  public static long[] scan(JournalReader reader, long uptoLsn, List<Subject> subjects)
      throws IOException {
    LastTouch scan = new LastTouch(subjects);
    while (reader.lastLsn() < uptoLsn) {
      Tx tx = reader.next();
      if (tx == null) {
        break;
      }
      for (Event event : tx.events()) {
        scan.look(tx.lsn(), event);
      }
    }
    return scan.answers;
  }

  private void look(long lsn, Event event) {
    touch(lsn, event.ino());
    switch (event) {
      case Event.EntryAdded e -> touch(lsn, e.child());
      case Event.EntryRemoved e -> touch(lsn, e.child());
      case Event.RangeZeroed e -> touch(lsn, e.allocated());
      case Event.ExtentsAllocated e -> touch(lsn, e.allocated());
      case Event.ExtentsMapped e -> touch(lsn, e.written());
      default -> touch(lsn, InodeApply.freedBy(event));
    }
  }

  private void touch(long lsn, long ino) {
    for (int i : byInode.getOrDefault(ino, List.of())) {
      answers[i] = lsn;
    }
  }

  private void touch(long lsn, List<Extent> extents) {
    for (Extent e : extents) {
      long end = e.physical() + e.length();
      if (e.isHole() || !watches(e.physical(), end)) {
        continue;
      }
      for (int i : byBlocks) {
        BlockRun blocks = subjects.get(i).blocks();
        if (blocks != null && e.physical() < blocks.end() && blocks.start() < end) {
          answers[i] = lsn;
        }
      }
    }
  }

  private boolean watches(long from, long end) {
    int first = watched.nextSetBit(index(from));
    return first >= 0 && first < index(end);
  }
}
