package io.faultline.engine.inode;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
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

  /** Adds an inode that was kept elsewhere and is of none of this table's numbers. */
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
    int before = get(ino) == null ? 0 : 1;
    if (after != null) {
      inodes.put(ino, after);
    } else if (stored.holds(ino)) {
      inodes.put(ino, GONE);
    } else {
      inodes.remove(ino);
    }
    size.addAndGet((after == null ? 0 : 1) - before);
  }

  /**
   * What a batch would change, found out without changing anything.
   *
   * @param events in order
   * @param after the inodes concerned as they will be; absent is gone
   */
  public record Prepared(List<Event> events, Map<Long, Optional<Inode>> after) {}

  /**
   * Applies a batch to a copy of what it concerns; throws {@link InodeApply.MismatchException} if
   * an event does not fit. The caller holds the state locks of all inodes named.
   */
  public Prepared prepare(List<Event> batch) {
    Map<Long, Optional<Inode>> after = new LinkedHashMap<>();
    for (Event event : batch) {
      Optional<Inode> known = after.get(event.ino());
      Inode before = known != null ? known.orElse(null) : get(event.ino());
      after.put(event.ino(), Optional.ofNullable(InodeApply.apply(before, event)));
    }
    return new Prepared(batch, after);
  }

  /** Makes a prepared batch the state; cannot fail. */
  public void install(Prepared prepared) {
    prepared.after().forEach((ino, inode) -> put(ino, inode.orElse(null)));
    for (Event event : prepared.events()) {
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
