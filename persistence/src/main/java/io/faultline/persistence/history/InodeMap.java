package io.faultline.persistence.history;

import io.faultline.engine.inode.Attributes;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.StoredInodes;
import io.faultline.persistence.checkpoint.CheckpointImage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Inodes by number, immutable: those of a checkpoint as they are stored, and over them what changed
 * since, in a radix tree of {@value #WIDTH} children a node. Numbers are given in sequence and so
 * lie densely. A change copies one node a level, four of them at 100,000 inodes; a tree of pairs
 * with hashed keys was measured at five times the time of a whole replay.
 */
final class InodeMap {
  private static final int BITS = 5;
  private static final int WIDTH = 1 << BITS;
  private static final int MASK = WIDTH - 1;

  /** Over an inode of the checkpoint that is there no more. */
  private static final Inode GONE =
      new Inode.Symlink(new Attributes(0, 0, 0, 0, 0, 0, 0, 0, 0), "");

  private final CheckpointImage stored;

  /** Of the root: nodes at shift 0 hold inodes, those above hold nodes. */
  private final int shift;

  private final @Nullable Object[] root;
  private final int size;

  /** Those of a checkpoint. */
  InodeMap(CheckpointImage stored) {
    this(stored, new Object[WIDTH], 0, stored.size());
  }

  private InodeMap(CheckpointImage stored, @Nullable Object[] root, int shift, int size) {
    this.stored = stored;
    this.root = root;
    this.shift = shift;
    this.size = size;
  }

  int size() {
    return size;
  }

  @Nullable Inode get(long ino) {
    Inode changed = changed(ino);
    return changed == null ? stored.get(ino) : gone(changed) ? null : changed;
  }

  @SuppressWarnings("ReferenceEquality") // no inode of a volume is this one
  private static boolean gone(Inode inode) {
    return inode == GONE;
  }

  private boolean holds(long ino) {
    Inode changed = changed(ino);
    return changed == null ? stored.holds(ino) : !gone(changed);
  }

  /** What lies over the checkpoint, {@link #GONE} included. */
  private @Nullable Inode changed(long ino) {
    if (ino < 0 || outside(ino, shift)) {
      return null;
    }
    @Nullable Object[] node = root;
    for (int s = shift; s > 0; s -= BITS) {
      node = (@Nullable Object[]) node[index(ino, s)];
      if (node == null) {
        return null;
      }
    }
    return (Inode) node[index(ino, 0)];
  }

  /** This map with {@code inode} under its number, or without it where {@code inode} is null. */
  InodeMap with(long ino, @Nullable Inode inode) {
    if (ino < 0) {
      throw new IllegalArgumentException("inode number " + ino);
    }
    @Nullable Object[] from = root;
    int s = shift;
    while (outside(ino, s)) {
      from = above(from);
      s += BITS;
    }
    int change = (inode == null ? 0 : 1) - (holds(ino) ? 1 : 0);
    Inode over = inode == null && stored.holds(ino) ? GONE : inode;
    return new InodeMap(stored, changed(from, s, ino, over), s, size + change);
  }

  private static @Nullable Object[] above(@Nullable Object[] node) {
    @Nullable Object[] above = new Object[WIDTH];
    above[0] = node;
    return above;
  }

  private static @Nullable Object[] changed(
      @Nullable Object @Nullable [] node, int shift, long ino, @Nullable Inode inode) {
    @Nullable Object[] copy = node == null ? new Object[WIDTH] : node.clone();
    int i = index(ino, shift);
    copy[i] =
        shift == 0
            ? inode
            : changed((@Nullable Object @Nullable []) copy[i], shift - BITS, ino, inode);
    return copy;
  }

  /** All inodes in the order of their numbers. */
  List<Inode> all() {
    List<Inode> all = new ArrayList<>(size);
    forEachChanged(all::add);
    stored.forEach(ino -> changed(ino) == null, StoredInodes.Wanted.ALL, all::add);
    all.sort(Comparator.comparingLong(Inode::ino)); // two that are sorted, merged
    return all;
  }

  /** The names of {@code children} in all directories. */
  void forEachName(LongPredicate children, CheckpointImage.Names names) {
    forEachChanged(
        inode -> {
          if (inode instanceof Inode.Directory dir) {
            dir.entries()
                .forEach(
                    (name, child) -> {
                      if (children.test(child)) {
                        names.name(dir.ino(), name, child);
                      }
                    });
          }
        });
    stored.forEachName(ino -> changed(ino) == null, children, names);
  }

  private void forEachChanged(Consumer<Inode> each) {
    forEach(
        root,
        shift,
        inode -> {
          if (!gone(inode)) {
            each.accept(inode);
          }
        });
  }

  private static void forEach(@Nullable Object[] node, int shift, Consumer<Inode> each) {
    for (Object child : node) {
      if (child instanceof Inode inode) {
        each.accept(inode);
      } else if (child != null) {
        forEach((@Nullable Object[]) child, shift - BITS, each);
      }
    }
  }

  /** The numbers of the inodes that are not the same in both. What is shared is not looked at. */
  static SortedSet<Long> differing(InodeMap one, InodeMap other) {
    SortedSet<Long> found = new TreeSet<>();
    LongConsumer look =
        ino -> {
          if (!Objects.equals(one.get(ino), other.get(ino))) {
            found.add(ino);
          }
        };
    @Nullable Object[] a = one.root;
    @Nullable Object[] b = other.root;
    int shift = one.shift;
    for (; shift < other.shift; shift += BITS) {
      a = above(a);
    }
    for (int s = other.shift; s < shift; s += BITS) {
      b = above(b);
    }
    unshared(a, b, shift, 0, look);
    if (one.stored != other.stored) {
      CheckpointImage.differing(one.stored, other.stored, look);
    }
    return found;
  }

  @SuppressWarnings("ReferenceEquality") // what is shared is the same object
  private static void unshared(
      @Nullable Object @Nullable [] a,
      @Nullable Object @Nullable [] b,
      int shift,
      long base,
      LongConsumer look) {
    for (int i = 0; i < WIDTH; i++) {
      Object one = a == null ? null : a[i];
      Object other = b == null ? null : b[i];
      long ino = base | (long) i << shift;
      if (one == other) {
        continue;
      }
      if (shift == 0) {
        look.accept(ino);
      } else {
        unshared(
            (@Nullable Object @Nullable []) one,
            (@Nullable Object @Nullable []) other,
            shift - BITS,
            ino,
            look);
      }
    }
  }

  private static boolean outside(long ino, int shift) {
    return shift + BITS < Long.SIZE && ino >>> (shift + BITS) != 0;
  }

  private static int index(long ino, int shift) {
    return (int) (ino >>> shift) & MASK;
  }
}
