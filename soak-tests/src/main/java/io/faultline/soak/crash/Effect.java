package io.faultline.soak.crash;

import io.faultline.soak.model.OpLine;
import io.faultline.soak.model.Stat;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What one step does to the model, told apart into its change and its data ({@link History}).
 *
 * @param line as the model is to run it
 * @param ino the model's inode of the file it is about, 0 if none
 * @param data whether it has data
 * @param zeros ranges inside the file that it zeroes in pages covered in part
 * @param changed inodes whose names or mapping it changes
 * @param shifts whether it moves blocks
 */
record Effect(
    OpLine line, long ino, boolean data, List<Range> zeros, Set<Long> changed, boolean shifts) {
  /** What neither has data nor changes anything. */
  static final Effect NOTHING = new Effect(new OpLine.Sync(), 0, false, List.of(), Set.of(), false);

  /** Bytes of a file, half-open. */
  record Range(long from, long to) {
    boolean isEmpty() {
      return from >= to;
    }
  }

  boolean isNothing() {
    return !data && changed.isEmpty() && !(line instanceof OpLine.Fsync);
  }

  /** What is known to be there. */
  static <V> V at(Map<String, V> map, String path) {
    return Objects.requireNonNull(map.get(path), path);
  }

  /** An append is a write to where the file ended. */
  static OpLine absolute(OpLine line, Map<String, Stat> tree) {
    return line instanceof OpLine.Append a && tree.containsKey(a.path())
        ? new OpLine.Write(a.path(), at(tree, a.path()).sizeBytes(), a.length(), a.value())
        : line;
  }

  /** Of a step that led from one tree to the other. */
  static Effect of(OpLine line, Map<String, Stat> before, Map<String, Stat> after) {
    return switch (line) {
      case OpLine.Write o -> {
        long ino = at(after, o.path()).inode();
        boolean made = !before.containsKey(o.path());
        yield new Effect(line, ino, true, List.of(), made ? Set.of(ino) : Set.of(), false);
      }
      case OpLine.Truncate o -> {
        Range tail = new Range(o.sizeBytes(), ceil(o.sizeBytes()));
        yield on(line, at(before, o.path()), List.of(tail), false);
      }
      case OpLine.Punch o -> {
        Stat was = at(before, o.path());
        long end = Math.min(o.offset() + o.length(), ceil(was.sizeBytes()));
        yield on(line, was, edges(o.offset(), end), false);
      }
      case OpLine.Zero o ->
          on(line, at(before, o.path()), edges(o.offset(), o.offset() + o.length()), false);
      case OpLine.Allocate o -> on(line, at(before, o.path()), List.of(), false);
      case OpLine.Collapse o -> on(line, at(before, o.path()), List.of(), true);
      case OpLine.Insert o -> on(line, at(before, o.path()), List.of(), true);
      case OpLine.Fsync o ->
          new Effect(line, at(before, o.path()).inode(), false, List.of(), Set.of(), false);
      default -> new Effect(line, 0, false, List.of(), named(before, after), false);
    };
  }

  private static Effect on(OpLine line, Stat file, List<Range> zeros, boolean shifts) {
    List<Range> inside = new ArrayList<>();
    for (Range zero : zeros) {
      Range part = new Range(zero.from(), Math.min(zero.to(), file.sizeBytes()));
      if (!part.isEmpty()) {
        inside.add(part);
      }
    }
    Set<Long> changed = Set.of(file.inode());
    return new Effect(line, file.inode(), !inside.isEmpty(), inside, changed, shifts);
  }

  /** Inodes that got or lost a name. */
  private static Set<Long> named(Map<String, Stat> before, Map<String, Stat> after) {
    Set<Long> changed = new HashSet<>();
    Set<String> paths = new HashSet<>(before.keySet());
    paths.addAll(after.keySet());
    for (String path : paths) {
      Stat was = before.get(path);
      Stat is = after.get(path);
      if (was == null || is == null || was.inode() != is.inode()) {
        if (was != null) {
          changed.add(was.inode());
        }
        if (is != null) {
          changed.add(is.inode());
        }
      }
    }
    return changed;
  }

  private static long ceil(long bytes) {
    return Math.ceilDiv(bytes, (long) Block.BYTES) * Block.BYTES;
  }

  /** What a range covers of pages that it covers in part. */
  private static List<Range> edges(long from, long to) {
    long head = ceil(from);
    long tail = to / Block.BYTES * Block.BYTES;
    return tail < head
        ? List.of(new Range(from, to))
        : List.of(new Range(from, head), new Range(tail, to));
  }

  /** The pages that its data is in. */
  BitSet pages() {
    BitSet pages = new BitSet();
    if (line instanceof OpLine.Write w) {
      add(pages, new Range(w.offset(), w.offset() + w.length()));
    }
    zeros.forEach(zero -> add(pages, zero));
    return pages;
  }

  private static void add(BitSet pages, Range range) {
    pages.set((int) (range.from() / Block.BYTES), (int) (ceil(range.to()) / Block.BYTES));
  }
}
