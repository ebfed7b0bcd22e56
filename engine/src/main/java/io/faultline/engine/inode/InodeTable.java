package io.faultline.engine.inode;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The evented state of a volume: every inode by number. A live volume and a replay change it by
 * {@link #apply} and nothing else (decision D3).
 *
 * <p>A table that was recovered from a checkpoint begins with its inodes as they are stored and
 * keeps those as objects that were asked for or changed.
 *
 * <p>Lookups are lock-free. The caller of {@code apply} holds the inode's state lock (rule R7) or
 * is the only thread, as a replay is.
 */
public final class InodeTable implements Inodes {
  /** The root directory, as in ext2 and its successors. */
  public static final long ROOT = 2;

  /** The first number an ordinary inode gets, as in ext2 and its successors. */
  private static final long FIRST = 11;

  /** In place of a stored inode that is there no more. */
  private static final Inode GONE =
      new Inode.Symlink(new Attributes(0, 0, 0, 0, 0, 0, 0, 0, 0), "");

  private final StoredInodes stored;

  /** What is to be seen instead of the stored inode of a number. */
  private final Map<Long, Inode> inodes = new ConcurrentHashMap<>();

  private final AtomicInteger size;
  private final AtomicLong next;

  /** The state before the first event: no inodes. */
  public InodeTable() {
    this(StoredInodes.NONE, FIRST);
  }

  /**
   * A state that was stored.
   *
   * @param next above the number of every inode the volume ever had
   */
  public InodeTable(StoredInodes stored, long next) {
    this.stored = stored;
    this.size = new AtomicInteger(stored.size());
    this.next = new AtomicLong(Math.max(FIRST, next));
  }

  /** Sets an inode that was kept elsewhere, beside all events. */
  public void keep(Inode inode) {
    put(inode.ino(), inode);
  }

  @Override
  public @Nullable Inode get(long ino) {
    Inode inode = inodes.get(ino);
    if (inode == null) {
      inode = stored.get(ino);
      if (inode != null) {
        // Whoever changed or removed it meanwhile was there first and stays.
        Inode known = inodes.putIfAbsent(ino, inode);
        inode = known == null ? inode : known;
      }
    }
    return inode == null || gone(inode) ? null : inode;
  }

  @SuppressWarnings("ReferenceEquality") // no inode of a volume is this one
  private static boolean gone(Inode inode) {
    return inode == GONE;
  }

  private void put(long ino, @Nullable Inode after) {
    put(ino, get(ino) != null, after);
  }

  private void put(long ino, boolean existed, @Nullable Inode after) {
    if (after != null) {
      inodes.put(ino, after);
    } else if (stored.holds(ino)) {
      inodes.put(ino, GONE);
    } else {
      inodes.remove(ino);
    }
    if (existed != (after != null)) {
      size.addAndGet(existed ? -1 : 1);
    }
  }

  /** What a batch would change, found out without changing anything. */
  public static final class Prepared {
    private final List<Event> events;

    /** The inodes concerned, in the order in which the batch first names them. */
    private final long[] inos;

    private final boolean[] existed;
    private final @Nullable Inode[] after;
    private int count;

    private Prepared(List<Event> events) {
      this.events = events;
      this.inos = new long[events.size()];
      this.existed = new boolean[events.size()];
      this.after = new @Nullable Inode[events.size()];
    }

    /** Batches name a handful of inodes. */
    private int indexOf(long ino) {
      int i = 0;
      while (i < count && inos[i] != ino) {
        i++;
      }
      return i;
    }
  }

  /**
   * Applies a batch to a copy of what it concerns; throws {@link InodeApply.MismatchException} if
   * an event does not fit. The caller holds the state locks of all inodes named.
   */
  public Prepared prepare(List<Event> batch) {
    Prepared prepared = new Prepared(batch);
    for (Event event : batch) {
      long ino = event.ino();
      int i = prepared.indexOf(ino);
      if (i == prepared.count) {
        prepared.inos[i] = ino;
        prepared.after[i] = get(ino);
        prepared.existed[i] = prepared.after[i] != null;
        prepared.count++;
      }
      prepared.after[i] = InodeApply.apply(prepared.after[i], event);
    }
    return prepared;
  }

  /** Makes a prepared batch the state; cannot fail. */
  public void install(Prepared prepared) {
    for (int i = 0; i < prepared.count; i++) {
      put(prepared.inos[i], prepared.existed[i], prepared.after[i]);
    }
    for (Event event : prepared.events) {
      if (event instanceof Event.Created) {
        next.accumulateAndGet(event.ino() + 1, Math::max);
      }
    }
  }

  /** Applies one event; throws {@link InodeApply.MismatchException} and changes nothing if bad. */
  public void apply(Event event) {
    Inode after = InodeApply.apply(get(event.ino()), event);
    put(event.ino(), after);
    if (event instanceof Event.Created) {
      // Numbers are not used twice, so that a journal names one file by one number.
      next.accumulateAndGet(event.ino() + 1, Math::max);
    }
  }

  /** Every inode so far has a number below this one. */
  public long nextNumber() {
    return next.get();
  }

  /** A number that no inode of this volume ever had. */
  public long takeNumber() {
    return next.getAndIncrement();
  }

  @Override
  public int size() {
    return size.get();
  }

  /** All inodes in the order of their numbers; weakly consistent while others apply. */
  @Override
  public List<Inode> all() {
    List<Inode> all = new ArrayList<>(size());
    forEach(StoredInodes.Wanted.ALL, all::add);
    return all;
  }

  /**
   * The inodes that are {@code wanted}, in the order of their numbers. Keeps none as an object that
   * was none; weakly consistent while others apply.
   */
  public void forEach(StoredInodes.Wanted wanted, Consumer<? super Inode> each) {
    // As of one moment: a stored inode that somebody asks for meanwhile must not come twice.
    NavigableMap<Long, Inode> known = new TreeMap<>(inodes);
    stored.forEach(
        ino -> !known.containsKey(ino),
        wanted,
        inode -> {
          giveBelow(inode.ino(), known, wanted, each);
          each.accept(inode);
        });
    giveBelow(Long.MAX_VALUE, known, wanted, each);
  }

  private static void giveBelow(
      long ino,
      NavigableMap<Long, Inode> known,
      StoredInodes.Wanted wanted,
      Consumer<? super Inode> each) {
    while (!known.isEmpty() && known.firstKey() < ino) {
      Inode inode = known.pollFirstEntry().getValue();
      if (!gone(inode) && wanted.test(inode.kind(), inode.attributes().nlink())) {
        each.accept(inode);
      }
    }
  }

  /** Two tables are equal if they hold equal inodes. */
  @Override
  public boolean equals(Object o) {
    return o instanceof InodeTable other && all().equals(other.all());
  }

  @Override
  public int hashCode() {
    return all().hashCode();
  }
}
