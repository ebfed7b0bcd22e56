package io.faultline.persistence.codec;

import io.faultline.engine.extent.ExtentMap;
import io.faultline.engine.inode.Attributes;
import io.faultline.engine.inode.FileKind;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.StoredInodes;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.pcollections.TreePMap;

/**
 * The binary form of one inode in a checkpoint; its number stands in front of it, outside.
 *
 * <pre>
 *  +---------+------+-----+-----+-------+-------+-------+-------+-------+-----------------+
 *  | kind u8 | mode | uid | gid | nlink | atime | mtime | ctime | btime | the kind's part |
 *  +---------+------+-----+-----+-------+-------+-------+-------+-------+-----------------+
 *
 *  kind 0  regular    durable size | extents
 *  kind 1  directory  parent | varint(count), then per entry: name string | child
 *  kind 2  symlink    target string
 * </pre>
 *
 * <p>Numbers, times, strings and extents as in {@link EventCodec}. Entries are in the order of
 * their names, extents in that of their file blocks, so equal inodes have equal bytes. A file with
 * one extent takes about 50 bytes.
 */
public final class InodeCodec {
  /** An empty name and a child. */
  private static final int ENTRY_BYTES_MIN = 2;

  private InodeCodec() {}

  /** The bytes of {@code inode}. */
  public static byte[] encode(Inode inode) {
    ByteSink out = new ByteSink(sizeHint(inode));
    head(inode, out);
    switch (inode) {
      case Inode.RegularFile file -> {
        out.varint(file.durableSize());
        EventCodec.extents(out, file.extents().slice(0, ExtentMap.END));
      }
      case Inode.Directory directory -> {
        out.varint(directory.parent());
        out.varint(directory.entries().size());
        for (Map.Entry<String, Long> entry : directory.entries().entrySet()) {
          entry(out, entry.getKey(), entry.getValue());
        }
      }
      case Inode.Symlink link -> out.string(link.target());
    }
    return out.toByteArray();
  }

  private static void head(Inode inode, ByteSink out) {
    Attributes at = inode.attributes();
    out.u8(EventCodec.codeOf(inode.kind()));
    EventCodec.number(out, at.mode(), at.uid(), at.gid(), at.nlink());
    out.i64(at.atimeNanos());
    out.i64(at.mtimeNanos());
    out.i64(at.ctimeNanos());
    out.i64(at.btimeNanos());
  }

  private static int sizeHint(Inode inode) {
    return switch (inode) {
      case Inode.RegularFile file -> (int) Math.min(1 << 20, 64 + 12L * file.extents().size());
      case Inode.Directory dir -> (int) Math.min(1 << 20, 64 + 24L * dir.entries().size());
      case Inode.Symlink link -> 64 + 2 * link.target().length();
    };
  }

  /** Reads the whole of {@code in} as the inode of number {@code ino}. */
  public static Inode decode(long ino, ByteBuffer in) throws CodecException {
    return Objects.requireNonNull(decode(ino, in, StoredInodes.Wanted.ALL));
  }

  /** The same, or null, and little was read, if the inode is not {@code wanted}. */
  public static @Nullable Inode decode(long ino, ByteBuffer in, StoredInodes.Wanted wanted)
      throws CodecException {
    return decode(ino, in, wanted, name -> true);
  }

  private static @Nullable Inode decode(
      long ino, ByteBuffer in, StoredInodes.Wanted wanted, Predicate<String> names)
      throws CodecException {
    ByteSource source = new ByteSource(in);
    FileKind kind = EventCodec.kind(source);
    int mode = source.i32();
    int uid = source.i32();
    int gid = source.i32();
    int nlink = source.i32();
    if (!wanted.test(kind, nlink)) {
      return null;
    }
    // Java evaluates arguments from left to right: the order of the fields.
    Attributes at =
        new Attributes(
            ino, mode, uid, gid, nlink, source.i64(), source.i64(), source.i64(), source.i64());
    Inode inode =
        switch (kind) {
          case REGULAR -> new Inode.RegularFile(at, source.size("size"), extents(source));
          case DIRECTORY ->
              new Inode.Directory(at, source.size("inode number"), entries(source, names));
          case SYMLINK -> new Inode.Symlink(at, source.string());
        };
    if (source.remaining() > 0) {
      throw new CodecException(source.remaining() + " bytes behind the inode", source.offset());
    }
    return inode;
  }

  /** Takes a name. */
  @FunctionalInterface
  public interface Names {
    void name(String name, long child);
  }

  /** Whether the inode that begins at {@code at} is a directory. */
  public static boolean isDirectory(ByteBuffer in, int at) {
    return in.get(at) == EventCodec.codeOf(FileKind.DIRECTORY);
  }

  /**
   * The names of {@code children} in the directory in {@code in}. No other name becomes an object.
   */
  public static void names(ByteBuffer in, LongPredicate children, Names names)
      throws CodecException {
    ByteSource source = namesOf(in);
    for (int left = count(source); left > 0; left--) {
      int at = source.offset();
      source.skipString();
      long child = source.size("inode number");
      if (children.test(child)) {
        names.name(source.stringAt(at), child);
      }
    }
  }

  /** The directory in {@code in}, read up to the count of its names. */
  private static ByteSource namesOf(ByteBuffer in) throws CodecException {
    ByteSource source = new ByteSource(in);
    if (EventCodec.kind(source) != FileKind.DIRECTORY) {
      throw new CodecException("no directory", 0);
    }
    for (int i = 0; i < 4; i++) {
      source.i32(); // mode, uid, gid, nlink
    }
    for (int i = 0; i < 4; i++) {
      source.i64(); // the times
    }
    source.size("inode number"); // the parent
    return source;
  }

  /**
   * Reads the inode of number {@code ino}; of a directory, only those names that are {@code
   * wanted}.
   */
  public static Inode decodePart(long ino, ByteBuffer in, Predicate<String> wanted)
      throws CodecException {
    return Objects.requireNonNull(decode(ino, in, StoredInodes.Wanted.ALL, wanted));
  }

  /**
   * The bytes of a directory that was read in part: what {@code in} holds, except the names that
   * were {@code wanted}, and all names that {@code part} has now. One name at a time is an object.
   */
  public static ByteBuffer encodePart(Inode.Directory part, ByteBuffer in, Predicate<String> wanted)
      throws CodecException {
    ByteSource counting = namesOf(in.duplicate());
    int kept = 0;
    for (int left = count(counting); left > 0; left--) {
      kept += wanted.test(counting.string()) ? 0 : 1;
      counting.size("inode number");
    }
    ByteSink out = new ByteSink(in.remaining() + sizeHint(part));
    head(part, out);
    out.varint(part.parent());
    out.varint(kept + (long) part.entries().size());
    Iterator<Map.Entry<String, Long>> entries = part.entries().entrySet().iterator();
    Map.@Nullable Entry<String, Long> own = next(entries);
    ByteSource old = namesOf(in);
    for (int left = count(old); left > 0; left--) {
      String name = old.string();
      long child = old.size("inode number");
      if (wanted.test(name)) {
        continue;
      }
      for (; own != null && own.getKey().compareTo(name) < 0; own = next(entries)) {
        entry(out, own.getKey(), own.getValue());
      }
      entry(out, name, child);
    }
    for (; own != null; own = next(entries)) {
      entry(out, own.getKey(), own.getValue());
    }
    return out.toByteBuffer();
  }

  private static Map.@Nullable Entry<String, Long> next(Iterator<Map.Entry<String, Long>> entries) {
    return entries.hasNext() ? entries.next() : null;
  }

  private static void entry(ByteSink out, String name, long child) {
    out.string(name);
    out.varint(child);
  }

  private static int count(ByteSource in) throws CodecException {
    return in.count(in.remaining() / ENTRY_BYTES_MIN, "names");
  }

  private static ExtentMap extents(ByteSource in) throws CodecException {
    int at = in.offset();
    try {
      return ExtentMap.of(EventCodec.extents(in));
    } catch (IllegalArgumentException e) {
      throw new CodecException(String.valueOf(e.getMessage()), at, e);
    }
  }

  private static TreePMap<String, Long> entries(ByteSource in, Predicate<String> wanted)
      throws CodecException {
    int count = count(in);
    if (count == 0) {
      return TreePMap.empty();
    }
    // A sorted map becomes a balanced tree at once; name by name would copy a path for each.
    TreeMap<String, Long> entries = new TreeMap<>();
    String last = "";
    for (int i = 0; i < count; i++) {
      int at = in.offset();
      String name = in.string();
      if (i > 0 && last.compareTo(name) >= 0) {
        throw new CodecException("a name out of order", at);
      }
      last = name;
      long child = in.size("inode number");
      if (wanted.test(name)) {
        entries.put(name, child);
      }
    }
    return TreePMap.fromSortedMap(entries);
  }
}
