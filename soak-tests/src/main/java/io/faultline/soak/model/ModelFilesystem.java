package io.faultline.soak.model;

import io.faultline.soak.model.Outcome.Done;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.ToLongFunction;

/**
 * A filesystem that behaves as ext4 with extents and 4096-byte blocks does, one call at a time, in
 * memory, without limits of space. Errors follow the fallocate table of Linux 6.12 and later and
 * the man pages for names; nobody lacks permission; times are not modelled.
 *
 * <p>A range operation on a path stands for open, operation, close, so what open refuses (ENOENT,
 * ENOTDIR, EISDIR) comes before what the operation refuses. truncate is the exception, as on Linux:
 * a negative length is refused before the path is looked at.
 *
 * <p>Offsets and lengths are bytes, ranges half-open. Not thread-safe.
 */
public final class ModelFilesystem {

  /** Largest file of the ext4 layout with extents: 2^32-1 blocks. */
  public static final long FILE_BYTES_MAX = 0xFFFF_FFFFL * FileContent.BLOCK_BYTES;

  /** Most names one file may have. */
  public static final int LINKS_MAX = 65_000;

  /** Longest single write the model agrees to hold; a longer one is a mistake of the test. */
  public static final long WRITE_BYTES_MAX = 256L << 20;

  private static final long BLOCKS_MAX = 0xFFFF_FFFFL;
  private static final long FIRST_INODE = 12;

  private final Node.Directory root = new Node.Directory(2);
  private long nextInode = FIRST_INODE;

  private interface Body<T> {
    T run() throws Refusal;
  }

  private static <T> Outcome<T> attempt(Body<T> body) {
    try {
      return new Outcome.Ok<>(body.run());
    } catch (Refusal refusal) {
      return new Outcome.Err<>(refusal.errno());
    }
  }

  // ---- names ----

  /** Creates an empty regular file; an existing name of any kind is EEXIST (O_CREAT|O_EXCL). */
  public Outcome<Done> create(String path) {
    return attempt(
        () -> {
          PathWalk walk = PathWalk.of(root, path, false);
          if (walk.node().isPresent()) {
            throw new Refusal("EEXIST");
          }
          if (walk.directoryAsked()) {
            throw new Refusal("EISDIR");
          }
          walk.parent().children.put(walk.name(), new Node.RegularFile(nextInode++));
          return Done.DONE;
        });
  }

  /** Creates an empty directory. */
  public Outcome<Done> mkdir(String path) {
    return attempt(
        () -> {
          PathWalk walk = PathWalk.of(root, path, false);
          if (walk.node().isPresent()) {
            throw new Refusal("EEXIST");
          }
          Node.Directory parent = walk.parent();
          parent.children.put(walk.name(), new Node.Directory(nextInode++, parent));
          parent.links++;
          return Done.DONE;
        });
  }

  /** Creates a symbolic link at {@code path} that says {@code target}. */
  public Outcome<Done> symlink(String target, String path) {
    return attempt(
        () -> {
          if (target.isEmpty()) {
            throw new Refusal("ENOENT");
          }
          if (PathWalk.utf8Length(target) > PathWalk.PATH_BYTES_MAX) {
            throw new Refusal("ENAMETOOLONG");
          }
          PathWalk walk = newName(path);
          walk.parent().children.put(walk.name(), new Node.Symlink(nextInode++, target));
          return Done.DONE;
        });
  }

  /** Gives {@code existing}, itself never followed, a second name. */
  public Outcome<Done> link(String existing, String path) {
    return attempt(
        () -> {
          Node node = PathWalk.lookup(root, existing, false);
          PathWalk walk = newName(path);
          if (node instanceof Node.Directory) {
            throw new Refusal("EPERM");
          }
          if (node.links >= LINKS_MAX) {
            throw new Refusal("EMLINK");
          }
          node.links++;
          walk.parent().children.put(walk.name(), node);
          return Done.DONE;
        });
  }

  /** Removes a name of anything but a directory. */
  public Outcome<Done> unlink(String path) {
    return attempt(
        () -> {
          PathWalk walk = PathWalk.of(root, path, false);
          Node node = existing(walk);
          if (walk.special() || node instanceof Node.Directory) {
            throw new Refusal("EISDIR");
          }
          if (walk.directoryAsked()) {
            throw new Refusal("ENOTDIR");
          }
          walk.parent().children.remove(walk.name());
          node.links--;
          return Done.DONE;
        });
  }

  /** Removes an empty directory. */
  public Outcome<Done> rmdir(String path) {
    return attempt(
        () -> {
          PathWalk walk = PathWalk.of(root, path, false);
          if (walk.special()) {
            throw new Refusal(
                switch (walk.name()) {
                  case "." -> "EINVAL";
                  case ".." -> "ENOTEMPTY";
                  default -> "EBUSY";
                });
          }
          if (!(existing(walk) instanceof Node.Directory directory)) {
            throw new Refusal("ENOTDIR");
          }
          if (!directory.children.isEmpty()) {
            throw new Refusal("ENOTEMPTY");
          }
          walk.parent().children.remove(walk.name());
          walk.parent().links--;
          return Done.DONE;
        });
  }

  /** Moves a name, replacing what is there if the kinds agree. */
  public Outcome<Done> rename(String from, String to) {
    return attempt(
        () -> {
          PathWalk source = PathWalk.of(root, from, false);
          PathWalk target = PathWalk.of(root, to, false);
          if (source.special() || target.special()) {
            throw new Refusal("EBUSY");
          }
          Node moved = existing(source);
          checkRename(source, moved, target);
          if (target.node().isPresent() && target.node().get() == moved) {
            return Done.DONE;
          }
          target.node().ifPresent(replaced -> dropName(target, replaced));
          source.parent().children.remove(source.name());
          target.parent().children.put(target.name(), moved);
          if (moved instanceof Node.Directory directory) {
            source.parent().links--;
            target.parent().links++;
            directory.parent = target.parent();
          }
          return Done.DONE;
        });
  }

  private static void checkRename(PathWalk source, Node moved, PathWalk target) throws Refusal {
    boolean slash = source.directoryAsked() || target.directoryAsked();
    if (slash && !(moved instanceof Node.Directory)) {
      throw new Refusal("ENOTDIR");
    }
    if (moved instanceof Node.Directory directory && isWithin(target.parent(), directory)) {
      throw new Refusal("EINVAL");
    }
    if (target.node().isEmpty() || target.node().get() == moved) {
      return;
    }
    Node replaced = target.node().get();
    if (replaced instanceof Node.Directory directory && isWithin(source.parent(), directory)) {
      throw new Refusal("ENOTEMPTY");
    }
    if (moved instanceof Node.Directory) {
      if (!(replaced instanceof Node.Directory directory)) {
        throw new Refusal("ENOTDIR");
      }
      if (!directory.children.isEmpty()) {
        throw new Refusal("ENOTEMPTY");
      }
    } else if (replaced instanceof Node.Directory) {
      throw new Refusal("EISDIR");
    }
  }

  private static void dropName(PathWalk place, Node node) {
    place.parent().children.remove(place.name());
    node.links--;
    if (node instanceof Node.Directory) {
      place.parent().links--;
    }
  }

  private static boolean isWithin(Node.Directory directory, Node.Directory ancestor) {
    Node.Directory at = directory;
    while (at != ancestor && at.parent != at) {
      at = at.parent;
    }
    return at == ancestor;
  }

  private static Node existing(PathWalk walk) throws Refusal {
    return walk.node().orElseThrow(() -> new Refusal("ENOENT"));
  }

  private PathWalk newName(String path) throws Refusal {
    PathWalk walk = PathWalk.of(root, path, false);
    if (walk.node().isPresent()) {
      throw new Refusal("EEXIST");
    }
    if (walk.directoryAsked()) {
      throw new Refusal("ENOENT");
    }
    return walk;
  }

  /** What a symbolic link says; EINVAL for anything else. */
  public Outcome<String> readlink(String path) {
    return attempt(
        () -> {
          if (PathWalk.lookup(root, path, false) instanceof Node.Symlink link) {
            return link.target;
          }
          throw new Refusal("EINVAL");
        });
  }

  /** Names in a directory, sorted by their UTF-8 bytes, without {@code .} and {@code ..}. */
  public Outcome<List<String>> list(String path) {
    return attempt(
        () -> {
          if (!(PathWalk.lookup(root, path, true) instanceof Node.Directory directory)) {
            throw new Refusal("ENOTDIR");
          }
          Comparator<String> byBytes =
              (a, b) ->
                  Arrays.compareUnsigned(
                      a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
          return directory.children.keySet().stream().sorted(byBytes).toList();
        });
  }

  /** Attributes of what {@code path} leads to, a last symbolic link followed. */
  public Outcome<Stat> stat(String path) {
    return attempt(() -> PathWalk.lookup(root, path, true).stat());
  }

  /** Attributes of what {@code path} names, a last symbolic link not followed. */
  public Outcome<Stat> linkStat(String path) {
    return attempt(() -> PathWalk.lookup(root, path, false).stat());
  }

  /** Every path that exists, the root excluded, with its own attributes, in a fixed order. */
  public Map<String, Stat> tree() {
    Map<String, Stat> found = new TreeMap<>();
    collect(root, "", found);
    return found;
  }

  private static void collect(Node.Directory directory, String prefix, Map<String, Stat> into) {
    directory.children.forEach(
        (name, node) -> {
          String path = prefix + "/" + name;
          into.put(path, node.stat());
          if (node instanceof Node.Directory child) {
            collect(child, path, into);
          }
        });
  }

  // ---- contents ----

  /**
   * Writes {@code length} bytes of {@code value}, creating the file when there is none. Answers the
   * count, which is short when the file would pass {@link #FILE_BYTES_MAX}.
   */
  public Outcome<Long> write(String path, long offset, long length, byte value) {
    return attempt(
        () -> {
          FileContent content = openOrCreate(path);
          return store(content, offset, length, value);
        });
  }

  /** Writes at the end of an existing file and answers the count. */
  public Outcome<Long> append(String path, long length, byte value) {
    return attempt(
        () -> {
          FileContent content = open(path);
          return store(content, content.sizeBytes(), length, value);
        });
  }

  private static long store(FileContent content, long offset, long length, byte value)
      throws Refusal {
    checkTransfer(offset, length);
    if (length == 0) {
      return 0;
    }
    if (offset >= FILE_BYTES_MAX) {
      throw new Refusal("EFBIG");
    }
    long count = Math.min(length, FILE_BYTES_MAX - offset);
    if (count > WRITE_BYTES_MAX) {
      throw new IllegalArgumentException("write of " + count + " bytes is beyond the model");
    }
    content.write(offset, count, value);
    return count;
  }

  /**
   * An end that is no 64-bit offset is EINVAL for read and write, before any limit is looked at.
   */
  private static void checkTransfer(long offset, long length) throws Refusal {
    if (offset < 0 || length < 0 || length > Long.MAX_VALUE - offset) {
      throw new Refusal("EINVAL");
    }
  }

  /** Reads up to {@code length} bytes; fewer, or none, only at the end of the file. */
  public Outcome<byte[]> read(String path, long offset, long length) {
    return attempt(
        () -> {
          Node node = PathWalk.lookup(root, path, true);
          checkTransfer(offset, length);
          FileContent content = regular(node);
          long count = Math.max(0, Math.min(length, content.sizeBytes() - offset));
          if (count > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("read of " + count + " bytes is beyond the model");
          }
          byte[] bytes = new byte[(int) count];
          content.read(offset, bytes);
          return bytes;
        });
  }

  /** Sets the size; growing leaves a hole, not growing frees what lies beyond. */
  public Outcome<Done> truncate(String path, long sizeBytes) {
    return attempt(
        () -> {
          if (sizeBytes < 0) {
            throw new Refusal("EINVAL");
          }
          FileContent content = open(path);
          if (sizeBytes > FILE_BYTES_MAX) {
            throw new Refusal("EFBIG");
          }
          content.truncate(sizeBytes);
          return Done.DONE;
        });
  }

  /** Punches a hole, size kept; beyond the end of the file nothing happens. */
  public Outcome<Done> punch(String path, long offset, long length) {
    return attempt(
        () -> {
          openForRange(path, offset, length).punch(offset, length);
          return Done.DONE;
        });
  }

  /** Zeroes a range by turning whole blocks unwritten. */
  public Outcome<Done> zero(String path, long offset, long length, boolean keepSize) {
    return attempt(
        () -> {
          openForRange(path, offset, length).zero(offset, length, keepSize);
          return Done.DONE;
        });
  }

  /** Preallocates: holes become unwritten. */
  public Outcome<Done> allocate(String path, long offset, long length, boolean keepSize) {
    return attempt(
        () -> {
          openForRange(path, offset, length).allocate(offset, length, keepSize);
          return Done.DONE;
        });
  }

  /**
   * Removes a block-aligned range and moves what follows down; it must end before the file does.
   */
  public Outcome<Done> collapse(String path, long offset, long length) {
    return attempt(
        () -> {
          FileContent content = openForRange(path, offset, length);
          if (!aligned(offset, length) || offset + length >= content.sizeBytes()) {
            throw new Refusal("EINVAL");
          }
          content.collapse(offset, length);
          return Done.DONE;
        });
  }

  /** Opens a block-aligned hole inside the file and moves what follows up. */
  public Outcome<Done> insert(String path, long offset, long length) {
    return attempt(
        () -> {
          FileContent content = openForRange(path, offset, length);
          if (!aligned(offset, length)) {
            throw new Refusal("EINVAL");
          }
          if (length > FILE_BYTES_MAX - content.sizeBytes()) {
            throw new Refusal("EFBIG");
          }
          long shiftedEnd = content.mappedEndBlock() + length / FileContent.BLOCK_BYTES;
          if (offset >= content.sizeBytes() || shiftedEnd > BLOCKS_MAX) {
            throw new Refusal("EINVAL");
          }
          content.insert(offset, length);
          return Done.DONE;
        });
  }

  /** ext4 has no reflink: EOPNOTSUPP once both names have been opened. Dedupe answers the same. */
  public Outcome<Done> cloneRange(String from, String to) {
    return attempt(
        () -> {
          // Both are opened first; only then is looked at what they are.
          Node source = PathWalk.lookup(root, from, true);
          open(to);
          regular(source);
          throw new Refusal("EOPNOTSUPP");
        });
  }

  /** First data byte at or after {@code offset}; ENXIO when there is none before the end. */
  public Outcome<Long> seekData(String path, long offset) {
    return seek(
        path,
        offset,
        content -> {
          OptionalLong found = content.seekData(offset);
          return found.orElse(-1);
        });
  }

  /** First hole at or after {@code offset}, unwritten blocks and the end of file included. */
  public Outcome<Long> seekHole(String path, long offset) {
    return seek(path, offset, content -> content.seekHole(offset));
  }

  private Outcome<Long> seek(String path, long offset, ToLongFunction<FileContent> search) {
    return attempt(
        () -> {
          FileContent content = regular(PathWalk.lookup(root, path, true));
          if (offset < 0 || offset >= content.sizeBytes()) {
            throw new Refusal("ENXIO");
          }
          long found = search.applyAsLong(content);
          if (found < 0) {
            throw new Refusal("ENXIO");
          }
          return found;
        });
  }

  /** The block map as a sync leaves it. */
  public Outcome<List<Extent>> extents(String path) {
    return attempt(() -> regular(PathWalk.lookup(root, path, true)).extents());
  }

  private static boolean aligned(long offset, long length) {
    return offset % FileContent.BLOCK_BYTES == 0 && length % FileContent.BLOCK_BYTES == 0;
  }

  /** The checks every fallocate mode shares, after open. */
  private FileContent openForRange(String path, long offset, long length) throws Refusal {
    FileContent content = open(path);
    if (offset < 0 || length <= 0) {
      throw new Refusal("EINVAL");
    }
    if (length > FILE_BYTES_MAX - offset) {
      throw new Refusal("EFBIG");
    }
    return content;
  }

  private FileContent open(String path) throws Refusal {
    return regular(PathWalk.lookup(root, path, true));
  }

  private FileContent openOrCreate(String path) throws Refusal {
    PathWalk walk = PathWalk.of(root, path, true);
    if (walk.node().isEmpty()) {
      if (walk.directoryAsked()) {
        throw new Refusal("EISDIR");
      }
      Node.RegularFile file = new Node.RegularFile(nextInode++);
      walk.parent().children.put(walk.name(), file);
      return file.content;
    }
    if (walk.directoryAsked() && !(walk.node().get() instanceof Node.Directory)) {
      throw new Refusal("ENOTDIR");
    }
    return regular(walk.node().get());
  }

  private static FileContent regular(Node node) throws Refusal {
    return switch (node) {
      case Node.RegularFile file -> file.content;
      case Node.Directory directory -> throw new Refusal("EISDIR");
      case Node.Symlink link -> throw new Refusal("ELOOP");
    };
  }
}
