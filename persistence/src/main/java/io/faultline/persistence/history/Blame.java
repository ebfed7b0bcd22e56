package io.faultline.persistence.history;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeApply;
import io.faultline.engine.journal.Tx;
import io.faultline.engine.volume.LiveVolume;
import io.faultline.persistence.replay.EventSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * How a byte of a file came to lie where it lies: every event that mapped, wrote, zeroed, cut off
 * or punched its block, that moved it through the file (collapse and insert), that moved the end of
 * the file over it, and that named the file, newest first.
 *
 * <p>Going back, the block is followed to where it was before each shift. A block that an insert
 * opened has no past. An overwrite in place changes no metadata and is no event.
 */
public final class Blame {
  private static final long BLOCK_BYTES = LiveVolume.BLOCK_BYTES;

  /**
   * One event of the byte's past.
   *
   * @param index of the event in its transaction; -1 for a rename of a directory above the file
   * @param timeNanos of the event or its transaction; empty if neither tells
   * @param block of the file in which the byte lay behind this event; -1 before it had a place
   * @param what happened to it, as a sentence
   * @param path of the file behind this event, {@code ino:N} without one
   */
  public record Step(
      long lsn,
      int index,
      OptionalLong timeNanos,
      Event event,
      long block,
      String what,
      String path) {}

  /**
   * The answer.
   *
   * @param asOf the last transaction that was looked at
   * @param extent what the block is mapped to there; empty when the file is gone
   * @param sizeBytes the end of the file there, 0 when it is gone
   * @param steps newest first
   */
  public record Answer(
      long ino, String path, long asOf, Optional<Extent> extent, long sizeBytes, List<Step> steps) {
    public Answer {
      steps = List.copyOf(steps);
    }
  }

  /**
   * An event of the file with the states around it.
   *
   * @param name the path that the event gives or takes, empty if it does neither
   */
  private record Touch(
      long lsn,
      int index,
      OptionalLong time,
      Event event,
      @Nullable Inode before,
      @Nullable Inode after,
      String name,
      String path) {}

  private final long ino;
  private final NameIndex names;
  private final List<Touch> touches = new ArrayList<>();
  private @Nullable Inode now;
  private String path;

  private Blame(long ino, VolumeState start) {
    this.ino = ino;
    this.names = start.names();
    this.now = start.get(ino);
    this.path = names.path(ino);
  }

  /**
   * The past of the byte at {@code offset}.
   *
   * @param file an absolute path as of {@code lsn}, or {@code ino:N}, which may be gone by then
   * @param lsn no later transaction is looked at; it must exist
   * @throws FsException ENOENT and others as a lookup; EISDIR, EINVAL for what has no blocks
   */
  public static Answer of(VolumeHistory history, String file, long offset, long lsn)
      throws IOException {
    VolumeState state = history.replay().at(lsn);
    Optional<Long> number = byNumber(file);
    long ino = number.isPresent() ? number.get() : state.find(file).ino();
    long first = history.beginning() + 1;
    VolumeState start = history.replay().at(first - 1);
    Blame blame = new Blame(ino, start);
    blame.collect(history.events(), first, lsn);
    if (blame.now == null && blame.touches.isEmpty()) {
      throw new FsException(
          Errno.ENOENT, "blame", "there was no inode " + ino + " up to transaction " + lsn);
    }
    Inode last = state.get(ino);
    Inode any = last != null ? last : blame.lastSeen();
    if (!(any instanceof Inode.RegularFile)) {
      throw new FsException(
          any instanceof Inode.Directory ? Errno.EISDIR : Errno.EINVAL,
          "blame",
          file + " has no blocks");
    }
    Optional<Extent> extent = Optional.empty();
    long size = 0;
    if (last instanceof Inode.RegularFile regular) {
      long block = offset / BLOCK_BYTES;
      extent = Optional.of(regular.extents().lookup(block).clip(block, block + 1));
      size = regular.durableSize();
    }
    return new Answer(ino, blame.path, lsn, extent, size, blame.back(offset));
  }

  private static Optional<Long> byNumber(String file) {
    return file.matches("ino:\\d{1,18}")
        ? Optional.of(Long.parseLong(file.substring("ino:".length())))
        : Optional.empty();
  }

  private @Nullable Inode lastSeen() {
    for (Touch touch : touches.reversed()) {
      if (touch.after() != null) {
        return touch.after();
      }
      if (touch.before() != null) {
        return touch.before();
      }
    }
    return null;
  }

  private void collect(EventSource<Tx> events, long from, long to) throws IOException {
    try (EventSource.Cursor<Tx> cursor = events.from(from)) {
      EventSource.Entry<Tx> entry = cursor.next();
      while (entry != null && entry.lsn() <= to) {
        collect(entry.event());
        entry = entry.lsn() == to ? null : cursor.next();
      }
    }
  }

  private void collect(Tx tx) {
    int before = touches.size();
    boolean directories = false;
    Event moved = null;
    for (int i = 0; i < tx.events().size(); i++) {
      Event event = tx.events().get(i);
      names.apply(event);
      if (event.ino() == ino) {
        Inode old = now;
        now = InodeApply.apply(old, event);
        touches.add(touch(tx, i, event, old, now, ""));
      } else if (!nameIn(event).isEmpty()) {
        touches.add(touch(tx, i, event, now, now, names.below(event.ino(), nameIn(event))));
      } else if (event instanceof Event.EntryAdded e && e.directory()) {
        directories = true;
        moved = event;
      }
    }
    String after = directories || touches.size() > before ? names.path(ino) : path;
    boolean told =
        touches.subList(before, touches.size()).stream().anyMatch(t -> !t.name().isEmpty());
    if (!after.equals(path) && !told && moved != null) {
      touches.add(touch(tx, -1, moved, now, now, ""));
    }
    path = after;
    for (int i = before; i < touches.size(); i++) {
      Touch t = touches.get(i);
      touches.set(
          i,
          new Touch(
              t.lsn(), t.index(), t.time(), t.event(), t.before(), t.after(), t.name(), path));
    }
  }

  private static Touch touch(
      Tx tx, int index, Event event, @Nullable Inode before, @Nullable Inode after, String name) {
    OptionalLong time = EventTimes.of(event);
    return new Touch(
        tx.lsn(),
        index,
        time.isPresent() ? time : EventTimes.of(tx),
        event,
        before,
        after,
        name,
        "");
  }

  /** The name that {@code event} gives the file or takes from it, empty if it does neither. */
  private String nameIn(Event event) {
    return switch (event) {
      case Event.EntryAdded e when e.child() == ino -> e.name();
      case Event.EntryRemoved e when e.child() == ino -> e.name();
      default -> "";
    };
  }

  private List<Step> back(long offset) {
    List<Step> steps = new ArrayList<>();
    long block = offset / BLOCK_BYTES;
    long inBlock = offset % BLOCK_BYTES;
    for (Touch touch : touches.reversed()) {
      String what = happened(touch, block, block < 0 ? -1 : block * BLOCK_BYTES + inBlock);
      if (!what.isEmpty()) {
        steps.add(
            new Step(
                touch.lsn(),
                touch.index(),
                touch.time(),
                touch.event(),
                block,
                what,
                touch.path()));
      }
      block = blockBefore(touch.event(), block);
    }
    return steps;
  }

  /** Where the block was before the event; -1 if nowhere. */
  private static long blockBefore(Event event, long block) {
    return switch (event) {
      case Event.RangeCollapsed e when block >= e.from() -> block + (e.to() - e.from());
      case Event.RangeInserted e when block >= e.at() + e.length() -> block - e.length();
      case Event.RangeInserted e when block >= e.at() -> -1;
      default -> block;
    };
  }

  /** What the event did to the byte; empty if nothing. */
  private static String happened(Touch touch, long block, long position) {
    if (touch.index() < 0) {
      return "a directory above it was renamed";
    }
    return switch (touch.event()) {
      case Event.Created e -> "the file was created";
      case Event.EntryAdded e -> "it was named " + touch.name();
      case Event.EntryRemoved e -> "it lost the name " + touch.name();
      case Event.Freed e ->
          "the inode was freed" + device(find(e.removed(), block), ", and device block ");
      case Event event when block < 0 -> "";
      case Event.RangePunched e when inside(block, e.from(), e.to()) ->
          "it was punched out" + device(find(e.removed(), block), ", from device block ");
      case Event.RangeZeroed e when inside(block, e.from(), e.to()) ->
          find(e.allocated(), block).isPresent()
              ? "a hole there became zeros"
                  + device(find(e.allocated(), block), " in device block ")
              : "it was zeroed" + device(at(touch.after(), block), ", unwritten in device block ");
      case Event.RangeZeroed e -> grown(touch, position);
      case Event.ExtentsAllocated e when find(e.allocated(), block).isPresent() ->
          "it was preallocated"
              + device(find(e.allocated(), block), ", unwritten in device block ");
      case Event.ExtentsMapped e when find(e.written(), block).isPresent() ->
          at(touch.before(), block).isPresent()
              ? "it was written" + device(find(e.written(), block), " to preallocated block ")
              : "it was mapped" + device(find(e.written(), block), " to device block ");
      case Event.RangeCollapsed e when block >= e.from() ->
          "it moved down from block " + (block + e.to() - e.from()) + " to " + block;
      case Event.RangeInserted e when block >= e.at() + e.length() ->
          "it moved up from block " + (block - e.length()) + " to " + block;
      case Event.RangeInserted e when block >= e.at() -> "it was inserted as a hole";
      case Event.Truncated e when find(e.removed(), block).isPresent() ->
          "it was cut off" + device(find(e.removed(), block), ", from device block ");
      default -> grown(touch, position);
    };
  }

  /** Whether the end of the file moved over the byte. */
  private static String grown(Touch touch, long position) {
    if (touch.before() instanceof Inode.RegularFile old
        && touch.after() instanceof Inode.RegularFile now) {
      if (old.durableSize() <= position && position < now.durableSize()) {
        return "the file grew over it, from " + old.durableSize() + " to " + now.durableSize();
      }
      if (now.durableSize() <= position && position < old.durableSize()) {
        return "the file shrank below it, from " + old.durableSize() + " to " + now.durableSize();
      }
    }
    return "";
  }

  private static boolean inside(long block, long from, long to) {
    return block >= from && block < to;
  }

  private static OptionalLong find(List<Extent> extents, long block) {
    for (Extent e : extents) {
      if (inside(block, e.fileBlock(), e.end()) && !e.isHole()) {
        return OptionalLong.of(e.physicalOf(block));
      }
    }
    return OptionalLong.empty();
  }

  private static OptionalLong at(@Nullable Inode inode, long block) {
    if (inode instanceof Inode.RegularFile file) {
      Extent extent = file.extents().lookup(block);
      return extent.isHole() ? OptionalLong.empty() : OptionalLong.of(extent.physicalOf(block));
    }
    return OptionalLong.empty();
  }

  private static String device(OptionalLong physical, String words) {
    return physical.isPresent() ? words + physical.getAsLong() : "";
  }
}
