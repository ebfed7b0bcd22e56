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
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Makes a checkpoint of an older one and the journal behind it, both read as streams: the state of
 * the volume is never in memory, and the live volume is not asked for anything.
 *
 * <pre>
 *  1. journal  (old, new]        -> the inodes that change, the names that do, where to stop
 *  2. old checkpoint             -> those inodes, directories with those names only
 *  3. journal  (old, new] again  -> applied to them (InodeApply, as live and in replay)
 *  4. old checkpoint and those inodes, merged by number -> new checkpoint
 * </pre>
 *
 * <p>A name is known by a hash with the number of its directory: two that share one are both
 * loaded, and both written back.
 *
 * <p>As objects there are in memory the events of one step ({@link Step#eventsMax}, plus one
 * transaction) and what they change: of a directory of a million names only those that come or go.
 * Its bytes are there as a whole, about three times 20 for each name: as they were read, as they
 * will be, and in the block being written. To have less of them, block and reader would have to go
 * through a large inode in pieces, twice, since its length and the number of its names stand before
 * it and its checksum behind it; the format allows that. A file of a million extents that changes
 * is an object as a whole, 40 bytes or so for each.
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

    /** Hashes of names that come or go, ascending. */
    private final long[] names;

    Tail(JournalAnchor end, Numbers touched, Numbers names) {
      this.end = end;
      this.events = touched.count;
      this.touched = touched.sorted();
      this.names = names.sorted();
    }

    /** Whether a name of this directory may be among those that come or go. */
    Predicate<String> namesIn(long directory) {
      return name -> Arrays.binarySearch(names, hash(directory, name)) >= 0;
    }
  }

  private static long hash(long directory, String name) {
    return directory * 0x9E37_79B9_7F4A_7C15L ^ name.hashCode();
  }

  private static final class Numbers {
    private long[] numbers = new long[1024];
    private int count;

    void add(long number) {
      if (count == numbers.length) {
        numbers = Arrays.copyOf(numbers, 2 * count);
      }
      numbers[count++] = number;
    }

    /** Ascending, each once. */
    long[] sorted() {
      return Arrays.stream(numbers, 0, count).sorted().distinct().toArray();
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
    InodeTable overlay = load(step.base(), tail);
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
    Numbers touched = new Numbers();
    Numbers names = new Numbers();
    JournalAnchor end = from;
    try (JournalReader reader = JournalReader.behind(journal, identity, from, step.toLsn())) {
      for (Tx tx = reader.next(); tx != null; tx = reader.next()) {
        for (Event event : tx.events()) {
          touched.add(event.ino());
          switch (event) {
            case Event.EntryAdded e -> names.add(hash(e.ino(), e.name()));
            case Event.EntryRemoved e -> names.add(hash(e.ino(), e.name()));
            default -> {}
          }
        }
        end = reader.anchor();
        if (touched.count >= step.eventsMax()) {
          break;
        }
      }
    }
    return new Tail(end, touched, names);
  }

  private InodeTable load(Optional<Long> base, Tail tail) throws IOException {
    try (CheckpointReader old = open(base)) {
      InodeTable overlay = new InodeTable(StoredInodes.NONE, old == null ? 0 : old.nextNumber());
      long[] touched = tail.touched;
      int i = 0;
      while (old != null && i < touched.length && old.next()) {
        while (i < touched.length && touched[i] < old.ino()) {
          i++;
        }
        if (i < touched.length && touched[i] == old.ino()) {
          overlay.keep(old.inode(tail.namesIn(old.ino())));
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
          if (overlay.get(touched[i]) instanceof Inode.Directory part) {
            out.add(old.ino(), old.with(part, tail.namesIn(old.ino())));
          } else {
            addIfThere(out, overlay, touched[i]);
          }
          i++;
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
