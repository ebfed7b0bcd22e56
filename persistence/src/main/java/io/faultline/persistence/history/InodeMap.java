package io.faultline.persistence.history;

import io.faultline.engine.inode.Inode;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Inodes by number, immutable: a radix tree of {@value #WIDTH} children a node. Numbers are given
 * in sequence and so lie densely. A change copies one node a level, four of them at 100,000 inodes;
 * a tree of pairs with hashed keys was measured at five times the time of a whole replay.
 */
final class InodeMap {
  private static final int BITS = 5;
  private static final int WIDTH = 1 << BITS;
  private static final int MASK = WIDTH - 1;

  static final InodeMap EMPTY = new InodeMap(new Object[WIDTH], 0, 0);

  /** Of the root: nodes at shift 0 hold inodes, those above hold nodes. */
  private final int shift;

  private final @Nullable Object[] root;
  private final int size;

  private InodeMap(@Nullable Object[] root, int shift, int size) {
    this.root = root;
    this.shift = shift;
    this.size = size;
  }

  int size() {
    return size;
  }

  @Nullable Inode get(long ino) {
    if (outside(ino)) {
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
      @Nullable Object[] above = new Object[WIDTH];
      above[0] = from;
      from = above;
      s += BITS;
    }
    int change = (inode == null ? 0 : 1) - (get(ino) == null ? 0 : 1);
    return new InodeMap(changed(from, s, ino, inode), s, size + change);
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

  /** Puts a map together without copying a node for each inode. Used once. */
  static final class Builder {
    private @Nullable Object[] root = new Object[WIDTH];
    private int shift;
    private int size;

    /** Adds an inode whose number was not added before. */
    void add(Inode inode) {
      long ino = inode.ino();
      if (ino < 0) {
        throw new IllegalArgumentException("inode number " + ino);
      }
      while (outside(ino, shift)) {
        @Nullable Object[] above = new Object[WIDTH];
        above[0] = root;
        root = above;
        shift += BITS;
      }
      @Nullable Object[] node = root;
      for (int s = shift; s > 0; s -= BITS) {
        @Nullable Object[] below = (@Nullable Object[]) node[index(ino, s)];
        if (below == null) {
          below = new Object[WIDTH];
          node[index(ino, s)] = below;
        }
        node = below;
      }
      node[index(ino, 0)] = inode;
      size++;
    }

    /** The map; nothing may be added afterwards. */
    InodeMap build() {
      return new InodeMap(root, shift, size);
    }
  }

  /** All inodes in the order of their numbers. */
  void forEach(Consumer<Inode> each) {
    forEach(root, shift, each);
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

  private boolean outside(long ino) {
    return outside(ino, shift);
  }

  private static boolean outside(long ino, int shift) {
    return ino < 0 || (shift + BITS < Long.SIZE && ino >>> (shift + BITS) != 0);
  }

  private static int index(long ino, int shift) {
    return (int) (ino >>> shift) & MASK;
  }
}
