package io.faultline.persistence.checkpoint;

import io.faultline.engine.device.JournalStore;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeApply;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.inode.StoredInodes;
import io.faultline.engine.journal.Tx;
import io.faultline.persistence.replay.JournalReader;
import io.faultline.persistence.segment.JournalAnchor;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes a checkpoint of an older one and the journal behind it, both read as streams: the state of
 * the volume is never in memory, and the live volume is not asked for anything.
 *
 * <pre>
 *  1. journal  (old, new]        -> the numbers of the inodes that change, and where to stop
 *  2. old checkpoint             -> those inodes
 *  3. journal  (old, new] again  -> applied to them (InodeApply, as live and in replay)
 *  4. old checkpoint and those inodes, merged by number -> new checkpoint
 * </pre>
 *
 * <p>Memory is bounded by the events of one step ({@link Step#eventsMax}, plus one transaction) and
 * what the inodes that they name hold. That second part is not bounded: a directory of a million
 * names, or a file of a million extents, that changes at all is in memory as a whole while this
 * runs.
 */
final class CheckpointMerge {
  /**
   * One step.
   *
   * @param base the checkpoint to begin with; empty is the state before the first transaction
   * @param toLsn a durable transaction; the step ends there at the latest
   * @param eventsMax the step ends behind the transaction that reaches this many
   */
  record Step(Optional<Long> base, long toLsn, long eventsMax) {}

  private final JournalStore journal;
  private final CheckpointStore checkpoints;
  private final VolumeIdentity identity;
  private final Set<CheckpointMutant> mutants;

  CheckpointMerge(
      JournalStore journal,
      CheckpointStore checkpoints,
      VolumeIdentity identity,
      Set<CheckpointMutant> mutants) {
    this.journal = journal;
    this.checkpoints = checkpoints;
    this.identity = identity;
    this.mutants = mutants;
  }

  /** What pass 1 finds. */
  private static final class Tail {
    final JournalAnchor end;
    final long events;

    /** Inode numbers, ascending, each once. */
    final long[] touched;

    Tail(JournalAnchor end, long[] named, int count) {
      this.end = end;
      this.events = count;
      this.touched = Arrays.stream(named, 0, count).sorted().distinct().toArray();
    }
  }

  /**
   * What a step made.
   *
   * @param lsn the transaction it is the state behind; that of the base if nothing is behind that
   * @param events how many there were since the base
   * @param inodes how many are in it; 0 if nothing was made
   */
  record Made(long lsn, long events, long inodes) {}

  /**
   * Writes and publishes a checkpoint.
   *
   * @throws DamagedCheckpointException the base cannot be read; another one may do
   */
  Made run(Step step) throws IOException {
    JournalAnchor from = anchorOf(step.base());
    Tail tail = touchedBehind(from, step);
    if (tail.end.lsn() == from.lsn()) {
      return new Made(from.lsn(), 0, 0);
    }
    InodeTable overlay = load(step.base(), tail.touched);
    apply(overlay, from, tail.end.lsn());
    long inodes = write(step.base(), tail, overlay);
    return new Made(tail.end.lsn(), tail.events, inodes);
  }

  private @Nullable CheckpointReader open(Optional<Long> base) throws IOException {
    return base.isPresent()
        ? CheckpointReader.open(checkpoints, base.get(), identity, mutants)
        : null;
  }

  private JournalAnchor anchorOf(Optional<Long> base) throws IOException {
    try (CheckpointReader old = open(base)) {
      return old == null ? JournalAnchor.BEGINNING : old.anchor();
    }
  }

  private Tail touchedBehind(JournalAnchor from, Step step) throws IOException {
    long[] touched = new long[1024];
    int count = 0;
    JournalAnchor end = from;
    try (JournalReader reader = JournalReader.behind(journal, identity, from, step.toLsn())) {
      for (Tx tx = reader.next(); tx != null; tx = reader.next()) {
        for (Event event : tx.events()) {
          if (count == touched.length) {
            touched = Arrays.copyOf(touched, 2 * count);
          }
          touched[count++] = event.ino();
        }
        end = reader.anchor();
        if (count >= step.eventsMax()) {
          break;
        }
      }
    }
    return new Tail(end, touched, count);
  }

  private InodeTable load(Optional<Long> base, long[] touched) throws IOException {
    try (CheckpointReader old = open(base)) {
      InodeTable overlay = new InodeTable(StoredInodes.NONE, old == null ? 0 : old.nextNumber());
      int i = 0;
      while (old != null && i < touched.length && old.next()) {
        while (i < touched.length && touched[i] < old.ino()) {
          i++;
        }
        if (i < touched.length && touched[i] == old.ino()) {
          overlay.keep(old.inode());
        }
      }
      return overlay;
    }
  }

  private void apply(InodeTable overlay, JournalAnchor from, long toLsn) throws IOException {
    try (JournalReader reader = JournalReader.behind(journal, identity, from, toLsn)) {
      for (Tx tx = reader.next(); tx != null; tx = reader.next()) {
        List<Event> events = tx.events();
        if (tx.lsn() == toLsn && mutants.contains(CheckpointMutant.ONE_EVENT_SHORT)) {
          events = events.subList(0, events.size() - 1);
        }
        for (Event event : events) {
          try {
            overlay.apply(event);
          } catch (InodeApply.MismatchException e) {
            throw new FsException(
                Errno.EUCLEAN,
                "checkpoint",
                event.ino(),
                "transaction " + tx.lsn() + ": " + e.getMessage(),
                e);
          }
        }
      }
    }
  }

  private long write(Optional<Long> base, Tail tail, InodeTable overlay) throws IOException {
    try (CheckpointReader old = open(base);
        CheckpointWriter out =
            new CheckpointWriter(checkpoints.begin(tail.end.lsn()), identity, tail.end)) {
      long[] touched = tail.touched;
      int i = 0;
      while (old != null && old.next()) {
        while (i < touched.length && touched[i] < old.ino()) {
          addIfThere(out, overlay, touched[i++]);
        }
        if (i < touched.length && touched[i] == old.ino()) {
          addIfThere(out, overlay, touched[i++]);
        } else {
          out.copy(old);
        }
      }
      while (i < touched.length) {
        addIfThere(out, overlay, touched[i++]);
      }
      out.publish(overlay.nextNumber());
      return out.inodes();
    }
  }

  private static void addIfThere(CheckpointWriter out, InodeTable overlay, long ino)
      throws IOException {
    Inode inode = overlay.get(ino);
    if (inode != null) {
      out.add(inode);
    }
  }
}
