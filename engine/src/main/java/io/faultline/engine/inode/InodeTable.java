package io.faultline.engine.inode;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The evented state of a volume: every inode by number. A live volume and a replay change it by
 * {@link #apply} and nothing else (decision D3).
 *
 * <p>Lookups are lock-free. The caller of {@code apply} holds the inode's state lock (rule R7) or
 * is the only thread, as a replay is.
 */
public final class InodeTable implements Inodes {
  /** The root directory, as in ext2 and its successors. */
  public static final long ROOT = 2;

  /** The first number an ordinary inode gets, as in ext2 and its successors. */
  private static final long FIRST = 11;

  private final Map<Long, Inode> inodes;
  private final AtomicLong next;

  /** The state before the first event: no inodes. */
  public InodeTable() {
    this(16, FIRST);
  }

  private InodeTable(int expectedInodes, long next) {
    this.inodes = new ConcurrentHashMap<>(expectedInodes);
    this.next = new AtomicLong(next);
  }

  /** Makes a table of a state that was kept. Not thread-safe. */
  public static final class Builder {
    private final InodeTable table;

    /**
     * @param inodes how many will come, about; only memory depends on it
     * @param next above the number of every inode the volume ever had
     */
    public Builder(int inodes, long next) {
      table = new InodeTable(inodes, Math.max(FIRST, next));
    }

    /** Adds an inode, or replaces the one of its number. */
    public Builder add(Inode inode) {
      table.inodes.put(inode.ino(), inode);
      return this;
    }

    /** The table; the builder must not be used afterwards. */
    public InodeTable build() {
      return table;
    }
  }

  @Override
  public @Nullable Inode get(long ino) {
    return inodes.get(ino);
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
      Inode before = known != null ? known.orElse(null) : inodes.get(event.ino());
      after.put(event.ino(), Optional.ofNullable(InodeApply.apply(before, event)));
    }
    return new Prepared(batch, after);
  }

  /** Makes a prepared batch the state; cannot fail. */
  public void install(Prepared prepared) {
    prepared
        .after()
        .forEach(
            (ino, inode) -> {
              if (inode.isPresent()) {
                inodes.put(ino, inode.get());
              } else {
                inodes.remove(ino);
              }
            });
    for (Event event : prepared.events()) {
      if (event instanceof Event.Created) {
        next.accumulateAndGet(event.ino() + 1, Math::max);
      }
    }
  }

  /** Applies one event; throws {@link InodeApply.MismatchException} and changes nothing if bad. */
  public void apply(Event event) {
    Inode after = InodeApply.apply(inodes.get(event.ino()), event);
    if (after == null) {
      inodes.remove(event.ino());
    } else {
      inodes.put(event.ino(), after);
    }
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
    return inodes.size();
  }

  /** All inodes in the order of their numbers; weakly consistent while others apply. */
  @Override
  public List<Inode> all() {
    return inodes.values().stream().sorted(Comparator.comparingLong(Inode::ino)).toList();
  }

  /** Two tables are equal if they hold equal inodes. */
  @Override
  public boolean equals(Object o) {
    return o instanceof InodeTable other && inodes.equals(other.inodes);
  }

  @Override
  public int hashCode() {
    return inodes.hashCode();
  }
}
