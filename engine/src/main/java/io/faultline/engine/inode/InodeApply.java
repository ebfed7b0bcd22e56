package io.faultline.engine.inode;

import io.faultline.engine.extent.Extent;
import io.faultline.engine.extent.ExtentMap;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pcollections.TreePMap;

/**
 * <em>apply</em>: one event on one inode. Pure and total over consistent histories; an event that
 * does not fit its inode is damage and is refused by name, never half applied.
 */
public final class InodeApply {
  private InodeApply() {}

  /** An event does not fit the state it is applied to: the journal or the engine is damaged. */
  public static final class MismatchException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long ino;

    MismatchException(long ino, String message) {
      super(message);
      this.ino = ino;
    }

    /** The inode that the event is about. */
    public long ino() {
      return ino;
    }
  }

  /** The inode after {@code event}; null when it is gone. */
  public static @Nullable Inode apply(@Nullable Inode before, Event event) {
    if (event instanceof Event.Created created) {
      require(before == null, event, "the inode exists");
      return created(created);
    }
    if (before == null) {
      throw mismatch(event, "the inode does not exist");
    }
    Attributes at = before.attributes();
    return switch (event) {
      case Event.Created e -> throw new AssertionError(e);
      case Event.Freed e -> {
        if (before instanceof Inode.RegularFile file) {
          requireRemoved(event, file.extents().slice(0, ExtentMap.END), e.removed());
        }
        yield null;
      }
      case Event.LinksChanged e -> withAttributes(before, at.withNlink(e.nlink(), e.ctimeNanos()));
      case Event.AttributesChanged e ->
          withAttributes(
              before,
              new Attributes(
                  at.ino(),
                  e.mode(),
                  e.uid(),
                  e.gid(),
                  at.nlink(),
                  e.atimeNanos(),
                  e.mtimeNanos(),
                  e.ctimeNanos(),
                  at.btimeNanos()));
      case Event.EntryAdded e -> entryAdded(directory(before, e), e);
      case Event.EntryRemoved e -> entryRemoved(directory(before, e), e);
      case Event.Moved e -> {
        Inode.Directory dir = directory(before, e);
        yield new Inode.Directory(
            at.modified(at.mtimeNanos(), e.ctimeNanos()), e.parent(), dir.entries());
      }
      case Event.Truncated e -> truncated(file(before, e), e);
      case Event.RangePunched e -> {
        Inode.RegularFile file = file(before, e);
        requireRemoved(e, file.extents().slice(e.from(), e.to()), e.removed());
        yield new Inode.RegularFile(
            at.modified(e.mtimeNanos(), e.ctimeNanos()),
            e.durableSize(),
            file.extents().without(e.from(), e.to()));
      }
      case Event.RangeZeroed e -> {
        Inode.RegularFile file = file(before, e);
        ExtentMap zeroed = filled(file.extents(), e.allocated(), e);
        yield new Inode.RegularFile(
            at.modified(e.mtimeNanos(), e.ctimeNanos()),
            e.durableSize(),
            zeroed.withState(e.from(), e.to(), Extent.State.UNWRITTEN));
      }
      case Event.ExtentsAllocated e -> {
        Inode.RegularFile file = file(before, e);
        yield new Inode.RegularFile(
            at.modified(e.mtimeNanos(), e.ctimeNanos()),
            e.durableSize(),
            filled(file.extents(), e.allocated(), e));
      }
      case Event.ExtentsMapped e -> mapped(file(before, e), e);
      case Event.RangeCollapsed e -> {
        Inode.RegularFile file = file(before, e);
        requireRemoved(e, file.extents().slice(e.from(), e.to()), e.removed());
        yield new Inode.RegularFile(
            at.modified(e.mtimeNanos(), e.ctimeNanos()),
            e.durableSize(),
            file.extents().collapsed(e.from(), e.to()));
      }
      case Event.RangeInserted e -> {
        Inode.RegularFile file = file(before, e);
        yield new Inode.RegularFile(
            at.modified(e.mtimeNanos(), e.ctimeNanos()),
            e.durableSize(),
            file.extents().inserted(e.at(), e.length()));
      }
    };
  }

  /** The blocks that {@code event} takes out of its file: free once it is durable. */
  public static List<Extent> freedBy(Event event) {
    return switch (event) {
      case Event.Freed e -> e.removed();
      case Event.Truncated e -> e.removed();
      case Event.RangePunched e -> e.removed();
      case Event.RangeCollapsed e -> e.removed();
      default -> List.of();
    };
  }

  private static Inode created(Event.Created e) {
    int links = e.kind() == FileKind.DIRECTORY ? 2 : 0;
    long t = e.timeNanos();
    Attributes at = new Attributes(e.ino(), e.mode(), e.uid(), e.gid(), links, t, t, t, t);
    return switch (e.kind()) {
      case REGULAR -> new Inode.RegularFile(at, 0, ExtentMap.EMPTY);
      case DIRECTORY -> new Inode.Directory(at, e.parent(), TreePMap.empty());
      case SYMLINK -> new Inode.Symlink(at, e.target());
    };
  }

  private static Inode entryAdded(Inode.Directory dir, Event.EntryAdded e) {
    TreePMap<String, Long> entries = dir.entries().plus(e.name(), e.child());
    require(entries.size() > dir.entries().size(), e, "the name exists");
    Attributes at = dir.attributes();
    return new Inode.Directory(
        at.withNlink(at.nlink() + (e.directory() ? 1 : 0), e.timeNanos())
            .modified(e.timeNanos(), e.timeNanos()),
        dir.parent(),
        entries);
  }

  private static Inode entryRemoved(Inode.Directory dir, Event.EntryRemoved e) {
    Long child = dir.entries().get(e.name());
    require(child != null && child == e.child(), e, "the name leads to " + child);
    Attributes at = dir.attributes();
    return new Inode.Directory(
        at.withNlink(at.nlink() - (e.directory() ? 1 : 0), e.timeNanos())
            .modified(e.timeNanos(), e.timeNanos()),
        dir.parent(),
        dir.entries().minus(e.name()));
  }

  private static Inode truncated(Inode.RegularFile file, Event.Truncated e) {
    ExtentMap extents = file.extents();
    if (!e.removed().isEmpty()) {
      long from = e.removed().getFirst().fileBlock();
      requireRemoved(e, extents.slice(from, ExtentMap.END), e.removed());
      extents = extents.without(from, ExtentMap.END);
    }
    return new Inode.RegularFile(
        file.attributes().modified(e.mtimeNanos(), e.ctimeNanos()), e.size(), extents);
  }

  private static Inode mapped(Inode.RegularFile file, Event.ExtentsMapped e) {
    ExtentMap extents = file.extents();
    for (Extent written : e.written()) {
      require(written.isWritten(), e, "it maps " + written);
      for (Extent old : extents.slice(written.fileBlock(), written.end())) {
        require(old.physical() == written.physicalOf(old.fileBlock()), e, "it overlaps " + old);
      }
      extents = extents.with(written);
    }
    return new Inode.RegularFile(
        file.attributes().modified(e.mtimeNanos(), e.ctimeNanos()), e.durableSize(), extents);
  }

  private static ExtentMap filled(ExtentMap extents, List<Extent> allocated, Event event) {
    ExtentMap out = extents;
    for (Extent e : allocated) {
      require(e.state() == Extent.State.UNWRITTEN, event, "it allocates " + e);
      require(out.slice(e.fileBlock(), e.end()).isEmpty(), event, "it overlaps what is mapped");
      out = out.with(e);
    }
    return out;
  }

  private static Inode withAttributes(Inode inode, Attributes at) {
    return switch (inode) {
      case Inode.RegularFile f -> new Inode.RegularFile(at, f.durableSize(), f.extents());
      case Inode.Directory d -> new Inode.Directory(at, d.parent(), d.entries());
      case Inode.Symlink s -> new Inode.Symlink(at, s.target());
    };
  }

  private static Inode.RegularFile file(Inode inode, Event event) {
    if (inode instanceof Inode.RegularFile file) {
      return file;
    }
    throw mismatch(event, "the inode is a " + inode.kind());
  }

  private static Inode.Directory directory(Inode inode, Event event) {
    if (inode instanceof Inode.Directory dir) {
      return dir;
    }
    throw mismatch(event, "the inode is a " + inode.kind());
  }

  /** Live and replayed state must agree on what is freed, or a block would get two owners. */
  private static void requireRemoved(Event event, List<Extent> mapped, List<Extent> named) {
    require(mapped.equals(named), event, "the range maps " + mapped);
  }

  private static void require(boolean condition, Event event, String detail) {
    if (!condition) {
      throw mismatch(event, detail);
    }
  }

  private static MismatchException mismatch(Event event, String detail) {
    return new MismatchException(
        event.ino(), "ino=" + event.ino() + ": " + detail + "; event " + event);
  }
}
