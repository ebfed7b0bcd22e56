package io.faultline.persistence.codec;

import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.FileKind;
import java.util.List;
import java.util.Random;

/** One fixed event of every type, and random ones. */
final class SampleEvents {
  static final long TIME = 1_795_000_000_123_456_789L;

  private static final List<Extent> EXTENTS =
      List.of(Extent.written(3, 1000, 2), Extent.unwritten(300, 70_000, 128), Extent.hole(900, 1));

  /** In the order of their type bytes. */
  static final List<Event> ALL =
      List.of(
          new Event.Created(11, FileKind.SYMLINK, 0777, 1000, -1, 0, "a/\u00e9", TIME),
          new Event.EntryAdded(2, "d\u20ac", 12, true, TIME),
          new Event.EntryRemoved(2, "", 300, false, -1),
          new Event.LinksChanged(11, 2, TIME),
          new Event.Moved(12, 2, TIME),
          new Event.AttributesChanged(11, 0644, 1, 2, TIME, TIME + 1, TIME + 2),
          new Event.Freed(11, EXTENTS),
          new Event.Truncated(11, 12_289, EXTENTS, TIME, TIME + 1),
          new Event.RangePunched(11, 3, 5, EXTENTS.subList(0, 1), 4096, TIME, TIME + 1),
          new Event.RangeZeroed(11, 3, 5, List.of(), 4096, TIME, TIME + 1),
          new Event.ExtentsAllocated(11, EXTENTS.subList(1, 2), Long.MAX_VALUE, TIME, TIME + 1),
          new Event.ExtentsMapped(11, EXTENTS.subList(0, 1), 20_480, TIME, TIME + 1),
          new Event.RangeCollapsed(11, 3, 5, EXTENTS.subList(0, 1), 4096, TIME, TIME + 1),
          new Event.RangeInserted(11, 3, 5, 4096, TIME, TIME + 1));

  private SampleEvents() {}

  /** Any event with extreme, ordinary and random values. */
  static Event random(Random r) {
    return switch (r.nextInt(14)) {
      case 0 ->
          new Event.Created(
              size(r),
              kind(r),
              r.nextInt(),
              r.nextInt(),
              r.nextInt(),
              size(r),
              text(r),
              r.nextLong());
      case 1 -> new Event.EntryAdded(size(r), text(r), size(r), r.nextBoolean(), r.nextLong());
      case 2 -> new Event.EntryRemoved(size(r), text(r), size(r), r.nextBoolean(), r.nextLong());
      case 3 -> new Event.LinksChanged(size(r), r.nextInt(), r.nextLong());
      case 4 -> new Event.Moved(size(r), size(r), r.nextLong());
      case 5 ->
          new Event.AttributesChanged(
              size(r),
              r.nextInt(),
              r.nextInt(),
              r.nextInt(),
              r.nextLong(),
              r.nextLong(),
              r.nextLong());
      case 6 -> new Event.Freed(size(r), extents(r));
      case 7 -> new Event.Truncated(size(r), size(r), extents(r), r.nextLong(), r.nextLong());
      case 8 ->
          new Event.RangePunched(
              size(r), size(r), size(r), extents(r), size(r), r.nextLong(), r.nextLong());
      case 9 ->
          new Event.RangeZeroed(
              size(r), size(r), size(r), extents(r), size(r), r.nextLong(), r.nextLong());
      case 10 ->
          new Event.ExtentsAllocated(size(r), extents(r), size(r), r.nextLong(), r.nextLong());
      case 11 -> new Event.ExtentsMapped(size(r), extents(r), size(r), r.nextLong(), r.nextLong());
      case 12 ->
          new Event.RangeCollapsed(
              size(r), size(r), size(r), extents(r), size(r), r.nextLong(), r.nextLong());
      default ->
          new Event.RangeInserted(size(r), size(r), size(r), size(r), r.nextLong(), r.nextLong());
    };
  }

  private static long size(Random r) {
    return switch (r.nextInt(4)) {
      case 0 -> 0;
      case 1 -> Long.MAX_VALUE;
      case 2 -> r.nextInt(1 << 20);
      default -> r.nextLong() & Long.MAX_VALUE;
    };
  }

  private static FileKind kind(Random r) {
    return switch (r.nextInt(3)) {
      case 0 -> FileKind.REGULAR;
      case 1 -> FileKind.DIRECTORY;
      default -> FileKind.SYMLINK;
    };
  }

  /** Any UTF-16, unpaired surrogates included. */
  private static String text(Random r) {
    int range = r.nextBoolean() ? 0x100 : 0x10000;
    return r.ints(r.nextInt(12), 0, range)
        .collect(StringBuilder::new, (b, c) -> b.append((char) c), StringBuilder::append)
        .toString();
  }

  private static List<Extent> extents(Random r) {
    return r.ints(r.nextInt(4), 0, 3)
        .mapToObj(
            kind -> {
              long at = r.nextLong() & (Long.MAX_VALUE >> 1);
              long length = 1 + (r.nextLong() & (Long.MAX_VALUE >> 2));
              return switch (kind) {
                case 0 -> Extent.hole(at, length);
                case 1 -> Extent.written(at, r.nextLong() & Long.MAX_VALUE, length);
                default -> Extent.unwritten(at, r.nextInt(1000), length);
              };
            })
        .toList();
  }
}
