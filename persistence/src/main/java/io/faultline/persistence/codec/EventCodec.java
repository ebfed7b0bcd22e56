package io.faultline.persistence.codec;

import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.FileKind;
import java.util.ArrayList;
import java.util.List;

/**
 * The binary form of one event.
 *
 * <pre>
 *  +------+---------+--------------+---------------------------+
 *  | type | version | ino (varint) | the type's fields         |
 *  |  u8  |   u8    |   1..10 B    | in the order of the record|
 *  +------+---------+--------------+---------------------------+
 *
 *  numbers    varint (LEB128 of the unsigned value)
 *  times      i64, nanoseconds since the epoch, most significant byte first
 *  booleans   u8, 0 or 1
 *  strings    varint(2 * length + wide), then 1 (Latin-1) or 2 (UTF-16BE) bytes per char
 *  extents    varint(count), then per extent
 *               state u8 (0 hole, 1 unwritten, 2 written) | fileBlock | physical unless hole
 *               | length
 *
 *  type  event              fields behind ino
 *    1   Created            kind u8 (0 regular, 1 directory, 2 symlink) | mode | uid | gid
 *                           | parent | target string | time
 *    2   EntryAdded         name string | child | directory | time
 *    3   EntryRemoved       name string | child | directory | time
 *    4   LinksChanged       nlink | ctime
 *    5   Moved              parent | ctime
 *    6   AttributesChanged  mode | uid | gid | atime | mtime | ctime
 *    7   Freed              removed
 *    8   Truncated          size | removed | mtime | ctime
 *    9   RangePunched       from | to | removed | durableSize | mtime | ctime
 *   10   RangeZeroed        from | to | allocated | durableSize | mtime | ctime
 *   11   ExtentsAllocated   allocated | durableSize | mtime | ctime
 *   12   ExtentsMapped      written | durableSize | mtime | ctime
 *   13   RangeCollapsed     from | to | removed | durableSize | mtime | ctime
 *   14   RangeInserted      at | length | durableSize | mtime | ctime
 * </pre>
 *
 * <p>Times are fixed because today's nanoseconds need nine bytes as a varint; everything else is
 * small almost always. A create is 28 bytes, a mapped extent about 30.
 */
final class EventCodec {
  private static final int VERSION = 1;

  /** State, file block and length, one byte each. */
  private static final int EXTENT_BYTES_MIN = 3;

  /** Type, version, ino and a count: the shortest event, an empty {@code Freed}. */
  static final int EVENT_BYTES_MIN = 4;

  private EventCodec() {}

  private static int typeOf(Event event) {
    return switch (event) {
      case Event.Created e -> 1;
      case Event.EntryAdded e -> 2;
      case Event.EntryRemoved e -> 3;
      case Event.LinksChanged e -> 4;
      case Event.Moved e -> 5;
      case Event.AttributesChanged e -> 6;
      case Event.Freed e -> 7;
      case Event.Truncated e -> 8;
      case Event.RangePunched e -> 9;
      case Event.RangeZeroed e -> 10;
      case Event.ExtentsAllocated e -> 11;
      case Event.ExtentsMapped e -> 12;
      case Event.RangeCollapsed e -> 13;
      case Event.RangeInserted e -> 14;
    };
  }

  static void encode(Event event, ByteSink out) {
    out.u8(typeOf(event));
    out.u8(VERSION);
    out.varint(event.ino());
    switch (event) {
      case Event.Created e -> {
        out.u8(codeOf(e.kind()));
        number(out, e.mode(), e.uid(), e.gid());
        out.varint(e.parent());
        out.string(e.target());
        out.i64(e.timeNanos());
      }
      case Event.EntryAdded e -> entry(out, e.name(), e.child(), e.directory(), e.timeNanos());
      case Event.EntryRemoved e -> entry(out, e.name(), e.child(), e.directory(), e.timeNanos());
      case Event.LinksChanged e -> {
        number(out, e.nlink());
        out.i64(e.ctimeNanos());
      }
      case Event.Moved e -> {
        out.varint(e.parent());
        out.i64(e.ctimeNanos());
      }
      case Event.AttributesChanged e -> {
        number(out, e.mode(), e.uid(), e.gid());
        out.i64(e.atimeNanos());
        times(out, e.mtimeNanos(), e.ctimeNanos());
      }
      case Event.Freed e -> extents(out, e.removed());
      case Event.Truncated e -> {
        out.varint(e.size());
        extents(out, e.removed());
        times(out, e.mtimeNanos(), e.ctimeNanos());
      }
      case Event.RangePunched e -> {
        range(out, e.from(), e.to(), e.removed(), e.durableSize());
        times(out, e.mtimeNanos(), e.ctimeNanos());
      }
      case Event.RangeZeroed e -> {
        range(out, e.from(), e.to(), e.allocated(), e.durableSize());
        times(out, e.mtimeNanos(), e.ctimeNanos());
      }
      case Event.ExtentsAllocated e -> {
        extents(out, e.allocated());
        out.varint(e.durableSize());
        times(out, e.mtimeNanos(), e.ctimeNanos());
      }
      case Event.ExtentsMapped e -> {
        extents(out, e.written());
        out.varint(e.durableSize());
        times(out, e.mtimeNanos(), e.ctimeNanos());
      }
      case Event.RangeCollapsed e -> {
        range(out, e.from(), e.to(), e.removed(), e.durableSize());
        times(out, e.mtimeNanos(), e.ctimeNanos());
      }
      case Event.RangeInserted e -> {
        out.varint(e.at());
        out.varint(e.length());
        out.varint(e.durableSize());
        times(out, e.mtimeNanos(), e.ctimeNanos());
      }
    }
  }

  static Event decode(ByteSource in) throws CodecException {
    int at = in.offset();
    int type = in.u8();
    int version = in.u8();
    if (version != VERSION) {
      throw new CodecException("event type " + type + " version " + version + " is unknown", at);
    }
    long ino = in.size("inode number");
    // Java evaluates arguments from left to right, so each call below reads its fields in order.
    return switch (type) {
      case 1 ->
          new Event.Created(
              ino,
              kind(in),
              in.i32(),
              in.i32(),
              in.i32(),
              in.size("inode number"),
              in.string(),
              in.i64());
      case 2 ->
          new Event.EntryAdded(ino, in.string(), in.size("inode number"), in.bool(), in.i64());
      case 3 ->
          new Event.EntryRemoved(ino, in.string(), in.size("inode number"), in.bool(), in.i64());
      case 4 -> new Event.LinksChanged(ino, in.i32(), in.i64());
      case 5 -> new Event.Moved(ino, in.size("inode number"), in.i64());
      case 6 ->
          new Event.AttributesChanged(
              ino, in.i32(), in.i32(), in.i32(), in.i64(), in.i64(), in.i64());
      case 7 -> new Event.Freed(ino, extents(in));
      case 8 -> new Event.Truncated(ino, in.size("size"), extents(in), in.i64(), in.i64());
      case 9 ->
          new Event.RangePunched(
              ino,
              in.size("block"),
              in.size("block"),
              extents(in),
              in.size("size"),
              in.i64(),
              in.i64());
      case 10 ->
          new Event.RangeZeroed(
              ino,
              in.size("block"),
              in.size("block"),
              extents(in),
              in.size("size"),
              in.i64(),
              in.i64());
      case 11 -> new Event.ExtentsAllocated(ino, extents(in), in.size("size"), in.i64(), in.i64());
      case 12 -> new Event.ExtentsMapped(ino, extents(in), in.size("size"), in.i64(), in.i64());
      case 13 ->
          new Event.RangeCollapsed(
              ino,
              in.size("block"),
              in.size("block"),
              extents(in),
              in.size("size"),
              in.i64(),
              in.i64());
      case 14 ->
          new Event.RangeInserted(
              ino, in.size("block"), in.size("length"), in.size("size"), in.i64(), in.i64());
      default -> throw new CodecException("event type " + type + " is unknown", at);
    };
  }

  static void number(ByteSink out, int... values) {
    for (int value : values) {
      out.varint(value & 0xFFFF_FFFFL);
    }
  }

  private static void times(ByteSink out, long mtimeNanos, long ctimeNanos) {
    out.i64(mtimeNanos);
    out.i64(ctimeNanos);
  }

  private static void entry(
      ByteSink out, String name, long child, boolean directory, long timeNanos) {
    out.string(name);
    out.varint(child);
    out.u8(directory ? 1 : 0);
    out.i64(timeNanos);
  }

  private static void range(
      ByteSink out, long from, long to, List<Extent> extents, long durableSize) {
    out.varint(from);
    out.varint(to);
    extents(out, extents);
    out.varint(durableSize);
  }

  static void extents(ByteSink out, List<Extent> extents) {
    out.varint(extents.size());
    for (Extent e : extents) {
      out.u8(codeOf(e.state()));
      out.varint(e.fileBlock());
      if (!e.isHole()) {
        out.varint(e.physical());
      }
      out.varint(e.length());
    }
  }

  static List<Extent> extents(ByteSource in) throws CodecException {
    int count = in.count(in.remaining() / EXTENT_BYTES_MIN, "extents");
    List<Extent> extents = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int at = in.offset();
      Extent.State state = state(in);
      long fileBlock = in.size("block");
      long physical = state == Extent.State.HOLE ? Extent.NO_BLOCK : in.size("block");
      try {
        extents.add(new Extent(fileBlock, physical, in.size("length"), state));
      } catch (IllegalArgumentException e) {
        throw new CodecException(String.valueOf(e.getMessage()), at, e);
      }
    }
    return extents;
  }

  // Written out rather than ordinals: reordering an enum must not change the format.

  static int codeOf(FileKind kind) {
    return switch (kind) {
      case REGULAR -> 0;
      case DIRECTORY -> 1;
      case SYMLINK -> 2;
    };
  }

  static FileKind kind(ByteSource in) throws CodecException {
    int code = in.u8();
    return switch (code) {
      case 0 -> FileKind.REGULAR;
      case 1 -> FileKind.DIRECTORY;
      case 2 -> FileKind.SYMLINK;
      default -> throw new CodecException("file kind " + code + " is unknown", in.offset() - 1);
    };
  }

  private static int codeOf(Extent.State state) {
    return switch (state) {
      case HOLE -> 0;
      case UNWRITTEN -> 1;
      case WRITTEN -> 2;
    };
  }

  private static Extent.State state(ByteSource in) throws CodecException {
    int code = in.u8();
    return switch (code) {
      case 0 -> Extent.State.HOLE;
      case 1 -> Extent.State.UNWRITTEN;
      case 2 -> Extent.State.WRITTEN;
      default -> throw new CodecException("extent state " + code + " is unknown", in.offset() - 1);
    };
  }
}
