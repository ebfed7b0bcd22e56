package io.faultline.engine.inode;

import io.faultline.engine.extent.Extent;
import java.util.List;

/**
 * One change of one inode, as the journal keeps it. An event carries everything its application
 * needs, physical extents and times included (rule R23), so that a replay meets no clock and no
 * allocator. Several events of one operation travel in one batch and so in one transaction.
 *
 * <p>Times are nanoseconds since the epoch, sizes bytes, ranges half-open and in blocks.
 */
public sealed interface Event {
  /** The inode this event changes. */
  long ino();

  /**
   * A new inode without a name. A directory starts with two links, everything else with none.
   *
   * @param parent for a directory the inode of {@code ..}, otherwise 0
   * @param target for a symbolic link its content, otherwise empty
   */
  record Created(
      long ino,
      FileKind kind,
      int mode,
      int uid,
      int gid,
      long parent,
      String target,
      long timeNanos)
      implements Event {}

  /** A name appears in directory {@code ino}; a child directory raises its link count. */
  record EntryAdded(long ino, String name, long child, boolean directory, long timeNanos)
      implements Event {}

  /** A name leaves directory {@code ino}; a child directory lowers its link count. */
  record EntryRemoved(long ino, String name, long child, boolean directory, long timeNanos)
      implements Event {}

  /** The number of names of an inode is now {@code nlink}. */
  record LinksChanged(long ino, int nlink, long ctimeNanos) implements Event {}

  /** Directory {@code ino} now lies in {@code parent}. */
  record Moved(long ino, long parent, long ctimeNanos) implements Event {}

  /** Mode, owner or times are now these. */
  record AttributesChanged(
      long ino, int mode, int uid, int gid, long atimeNanos, long mtimeNanos, long ctimeNanos)
      implements Event {}

  /** The inode is gone; {@code removed} is all it had mapped. */
  record Freed(long ino, List<Extent> removed) implements Event {}

  /** The size is now {@code size}; {@code removed} was mapped behind it. */
  record Truncated(long ino, long size, List<Extent> removed, long mtimeNanos, long ctimeNanos)
      implements Event {}

  /** {@code [from, to)} is a hole; {@code removed} was mapped there. */
  record RangePunched(
      long ino,
      long from,
      long to,
      List<Extent> removed,
      long durableSize,
      long mtimeNanos,
      long ctimeNanos)
      implements Event {}

  /**
   * {@code [from, to)} reads as zeros and stays mapped: what was written there becomes unwritten,
   * {@code allocated} (unwritten) fills its holes.
   */
  record RangeZeroed(
      long ino,
      long from,
      long to,
      List<Extent> allocated,
      long durableSize,
      long mtimeNanos,
      long ctimeNanos)
      implements Event {}

  /** {@code allocated} (unwritten) fills what were holes. */
  record ExtentsAllocated(
      long ino, List<Extent> allocated, long durableSize, long mtimeNanos, long ctimeNanos)
      implements Event {}

  /**
   * Data was written: {@code written} fills holes or turns unwritten blocks into written ones. May
   * be empty when only the size or the times moved.
   */
  record ExtentsMapped(
      long ino, List<Extent> written, long durableSize, long mtimeNanos, long ctimeNanos)
      implements Event {}

  /** {@code [from, to)} is cut out and all behind it moved down; {@code removed} was there. */
  record RangeCollapsed(
      long ino,
      long from,
      long to,
      List<Extent> removed,
      long durableSize,
      long mtimeNanos,
      long ctimeNanos)
      implements Event {}

  /** A hole of {@code length} blocks opens at {@code at}; all behind it moves up. */
  record RangeInserted(
      long ino, long at, long length, long durableSize, long mtimeNanos, long ctimeNanos)
      implements Event {}
}
