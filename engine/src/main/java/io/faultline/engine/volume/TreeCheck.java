package io.faultline.engine.volume;

import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.volume.Fsck.Findings;
import io.faultline.engine.volume.Fsck.Kind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/**
 * The names' part of {@link Fsck}: names lead to inodes, counts agree, and every directory is
 * reached from the root by one way.
 */
final class TreeCheck {
  /** NAME_MAX. */
  private static final int NAME_BYTES_MAX = 255;

  /** A directory that no name leads to. */
  private static final int NOWHERE = -1;

  private final List<Inode> inodes;
  private final Findings findings;

  // Per inode, by its place in the list.
  private final long[] numbers;
  private final int[] names;
  private final int[] subdirectories;

  /** Of a directory, the place of the last directory that names it. */
  private final int[] holder;

  /**
   * @param inodes in the order of their numbers
   */
  TreeCheck(List<Inode> inodes, Findings findings) {
    this.inodes = inodes;
    this.findings = findings;
    numbers = inodes.stream().mapToLong(Inode::ino).toArray();
    names = new int[numbers.length];
    subdirectories = new int[numbers.length];
    holder = new int[numbers.length];
    Arrays.fill(holder, NOWHERE);
  }

  void check() {
    int root = place(InodeTable.ROOT);
    if (root < 0 || !(inodes.get(root) instanceof Inode.Directory dir)) {
      findings.add(
          Kind.ROOT,
          InodeTable.ROOT,
          root < 0 ? "no such inode" : "a " + inodes.get(root).kind(),
          "a directory");
      return;
    }
    if (dir.parent() != InodeTable.ROOT) {
      findings.add(Kind.ROOT, InodeTable.ROOT, "its .. is " + dir.parent(), "itself");
    }
    for (int at = 0; at < numbers.length; at++) {
      if (inodes.get(at) instanceof Inode.Directory each) {
        entries(at, each);
      }
    }
    BitSet reached = reached(root);
    for (int at = 0; at < numbers.length; at++) {
      if (inodes.get(at) instanceof Inode.Directory each) {
        directory(at, each, at == root);
      } else {
        links(at, inodes.get(at));
      }
    }
    cycles(reached);
  }

  private int place(long ino) {
    return Arrays.binarySearch(numbers, ino);
  }

  private void entries(int at, Inode.Directory dir) {
    for (Map.Entry<String, Long> entry : dir.entries().entrySet()) {
      String name = entry.getKey();
      if (!valid(name)) {
        findings.add(Kind.NAME_INVALID, dir.ino(), "the name '" + name + "'", "1 to 255 bytes");
      }
      int child = place(entry.getValue());
      if (child < 0) {
        findings.add(
            Kind.NAME_DANGLING,
            dir.ino(),
            "'" + name + "' leads to inode " + entry.getValue(),
            "an inode that exists");
        continue;
      }
      names[child]++;
      if (inodes.get(child) instanceof Inode.Directory sub) {
        subdirectories[at]++;
        if (holder[child] != NOWHERE || child == place(InodeTable.ROOT)) {
          findings.add(
              Kind.DIRECTORY_TWICE,
              sub.ino(),
              "'" + name + "' in inode " + dir.ino() + " is one more name of it",
              "one name");
        }
        holder[child] = at;
      }
    }
  }

  private static boolean valid(String name) {
    return !name.isEmpty()
        && !name.equals(".")
        && !name.equals("..")
        && name.indexOf('/') < 0
        && name.indexOf('\0') < 0
        && (name.length() <= NAME_BYTES_MAX / 3
            || name.getBytes(StandardCharsets.UTF_8).length <= NAME_BYTES_MAX);
  }

  private void directory(int at, Inode.Directory dir, boolean root) {
    int nlink = dir.attributes().nlink();
    if (nlink == 0 && dir.entries().isEmpty() && names[at] == 0 && !root) {
      return; // removed, and somebody has it open
    }
    if (nlink != 2 + subdirectories[at]) {
      findings.add(
          Kind.LINKS,
          dir.ino(),
          nlink + " links",
          2 + subdirectories[at] + ", for " + subdirectories[at] + " subdirectories");
    }
    if (!root && holder[at] != NOWHERE && dir.parent() != numbers[holder[at]]) {
      findings.add(
          Kind.PARENT,
          dir.ino(),
          "its .. is " + dir.parent(),
          numbers[holder[at]] + ", the directory that names it");
    }
  }

  private void links(int at, Inode inode) {
    int nlink = inode.attributes().nlink();
    if (nlink > 0 && names[at] == 0) {
      findings.add(Kind.UNREACHABLE, inode.ino(), nlink + " links and no name", "a name");
    } else if (nlink != names[at]) {
      findings.add(Kind.LINKS, inode.ino(), nlink + " links", names[at] + ", as many names");
    }
  }

  private BitSet reached(int root) {
    BitSet reached = new BitSet(numbers.length);
    Deque<Integer> todo = new ArrayDeque<>();
    reached.set(root);
    todo.add(root);
    while (!todo.isEmpty()) {
      Inode.Directory dir = (Inode.Directory) inodes.get(todo.removeFirst());
      for (long ino : dir.entries().values()) {
        int child = place(ino);
        if (child >= 0 && inodes.get(child) instanceof Inode.Directory && !reached.get(child)) {
          reached.set(child);
          todo.add(child);
        }
      }
    }
    return reached;
  }

  /** Of the directories that are not reached: those that contain each other, and the others. */
  private void cycles(BitSet reached) {
    int[] walk = new int[numbers.length]; // 1 + where the walk up that came by first began
    BitSet onCycle = new BitSet();
    for (int at = 0; at < numbers.length; at++) {
      if (!(inodes.get(at) instanceof Inode.Directory dir)
          || reached.get(at)
          || (dir.attributes().nlink() == 0 && names[at] == 0)) {
        continue;
      }
      int top = at;
      while (top != NOWHERE && walk[top] == 0) {
        walk[top] = at + 1;
        top = holder[top];
      }
      if (top != NOWHERE && walk[top] == at + 1) {
        cycle(top, onCycle);
      }
    }
    for (int at = 0; at < numbers.length; at++) {
      if (walk[at] != 0 && !onCycle.get(at)) {
        findings.add(
            Kind.UNREACHABLE,
            numbers[at],
            names[at] == 0 ? "no name leads to it" : "nor is the directory that names it reached",
            "a way from the root");
      }
    }
  }

  /** Marks the directories of the cycle that {@code top} lies on, and tells the first of them. */
  private void cycle(int top, BitSet onCycle) {
    int first = top;
    int at = top;
    do {
      onCycle.set(at);
      first = Math.min(first, at);
      at = holder[at];
    } while (at != top);
    findings.add(
        Kind.CYCLE,
        numbers[first],
        "it lies in inode " + numbers[holder[first]] + ", which lies in it",
        "a way up to the root");
  }
}
