package io.faultline.engine.inode;

import io.faultline.engine.extent.Extent;
import io.faultline.engine.extent.ExtentMap;
import java.util.ArrayList;
import java.util.List;

/**
 * <em>decide</em>: what a command does to a file, as the event that says so. Pure: state, command,
 * physical extents and times in, event out. Ranges here are file blocks, sizes bytes.
 */
public final class Decide {
  /**
   * A decision that fills holes.
   *
   * @param event what happens
   * @param unused of the offered extents; they go back to the allocator
   */
  public record Filled(Event event, List<Extent> unused) {}

  private Decide() {}

  /**
   * ftruncate(2) to {@code size}. Blocks behind the new end go when the size does not grow (ext4:
   * truncating to the same size frees what was allocated with KEEP_SIZE; growing keeps it).
   *
   * @param isize the size users saw before
   */
  public static Event truncate(
      Inode.RegularFile file, long isize, long size, long blockBytes, long now) {
    List<Extent> removed =
        size <= isize
            ? file.extents().slice((size + blockBytes - 1) / blockBytes, ExtentMap.END)
            : List.of();
    return new Event.Truncated(file.ino(), size, removed, now, now);
  }

  /** Blocks {@code [from, to)} become a hole; the durable size is raised to isize (rule R3). */
  public static Event punch(
      Inode.RegularFile file, long from, long to, long durableSize, long now) {
    List<Extent> removed = from < to ? file.extents().slice(from, to) : List.of();
    return new Event.RangePunched(
        file.ino(), from, Math.max(from, to), removed, durableSize, now, now);
  }

  /**
   * Blocks {@code [from, to)} read as zeros and stay mapped; holes of {@code [outerFrom, outerTo)}
   * are filled from {@code offered}.
   */
  public static Filled zero(
      Inode.RegularFile file,
      long from,
      long to,
      long outerFrom,
      long outerTo,
      List<Extent> offered,
      long durableSize,
      long now) {
    List<Extent> unused = new ArrayList<>();
    List<Extent> used = fill(file.extents(), outerFrom, outerTo, offered, unused);
    return new Filled(
        new Event.RangeZeroed(file.ino(), from, Math.max(from, to), used, durableSize, now, now),
        unused);
  }

  /** Holes of {@code [from, to)} are filled from {@code offered}. */
  public static Filled allocate(
      Inode.RegularFile file,
      long from,
      long to,
      List<Extent> offered,
      long durableSize,
      long now) {
    List<Extent> unused = new ArrayList<>();
    List<Extent> used = fill(file.extents(), from, to, offered, unused);
    // Preallocation is no modification of the data: ctime moves, mtime only with the size.
    long mtime = durableSize > file.durableSize() ? now : file.attributes().mtimeNanos();
    return new Filled(
        new Event.ExtentsAllocated(file.ino(), used, durableSize, mtime, now), unused);
  }

  /** Blocks {@code [from, to)} are cut out. */
  public static Event collapse(
      Inode.RegularFile file, long from, long to, long durableSize, long now) {
    return new Event.RangeCollapsed(
        file.ino(), from, to, file.extents().slice(from, to), durableSize, now, now);
  }

  /** A hole of {@code blocks} opens at {@code at}. */
  public static Event insert(
      Inode.RegularFile file, long at, long blocks, long durableSize, long now) {
    return new Event.RangeInserted(file.ino(), at, blocks, durableSize, now, now);
  }

  /** The inode ends; everything it has goes back. */
  public static Event free(Inode inode) {
    List<Extent> removed =
        inode instanceof Inode.RegularFile file
            ? file.extents().slice(0, ExtentMap.END)
            : List.of();
    return new Event.Freed(inode.ino(), removed);
  }

  /**
   * Matches what was allocated for holes with the holes that are still there: writeback may have
   * mapped some meanwhile, and what was meant for those goes back.
   */
  private static List<Extent> fill(
      ExtentMap map, long from, long to, List<Extent> offered, List<Extent> unused) {
    List<Extent> used = new ArrayList<>();
    for (Extent offer : offered) {
      long at = offer.fileBlock();
      for (Extent hole : map.holes(Math.max(from, at), Math.min(to, offer.end()))) {
        if (hole.fileBlock() > at) {
          unused.add(offer.clip(at, hole.fileBlock()));
        }
        used.add(offer.clip(hole.fileBlock(), hole.end()));
        at = hole.end();
      }
      if (at < offer.end()) {
        unused.add(offer.clip(at, offer.end()));
      }
    }
    return used;
  }
}
