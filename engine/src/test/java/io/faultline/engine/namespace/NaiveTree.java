package io.faultline.engine.namespace;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.inode.FileKind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A tree as one would write it in an hour: mutable nodes, recursion, no locks, no events, no code
 * of the engine but its enums. What the engine answers must be what this one answers.
 */
final class NaiveTree {
  /** The operation fails with this. */
  static final class Fails extends RuntimeException {
    private static final long serialVersionUID = 1L;
    final Errno errno;

    Fails(Errno errno) {
      super(errno.name(), null, false, false);
      this.errno = errno;
    }
  }

  private static final class Node {
    final FileKind kind;
    final TreeMap<String, Node> children = new TreeMap<>();
    String target = "";
    Node parent = this;
    int names;

    Node(FileKind kind) {
      this.kind = kind;
    }

    boolean is(FileKind k) {
      return kind == k;
    }
  }

  /** Where a path ends: its last word, in its directory. */
  private record Spot(Node dir, String word, boolean slash) {
    boolean isName() {
      return !word.isEmpty() && !word.equals(".") && !word.equals("..");
    }

    /** Fails with ENOENT where there is nothing. */
    Node existing() {
      Node node = node();
      if (node == null) {
        throw new Fails(Errno.ENOENT);
      }
      return node;
    }

    @Nullable Node node() {
      return switch (word) {
        case "", "." -> dir;
        case ".." -> dir.parent;
        default -> dir.children.get(word);
      };
    }
  }

  private final Node root = new Node(FileKind.DIRECTORY);
  private int followed;

  private static void failIf(boolean condition, Errno errno) {
    if (condition) {
      throw new Fails(errno);
    }
  }

  private Spot spot(Node from, String path) {
    Node at = path.startsWith("/") ? root : from;
    List<String> words = new ArrayList<>(List.of(path.split("/+")));
    words.removeIf(String::isEmpty);
    boolean slash = path.endsWith("/");
    for (int i = 0; i < words.size() - 1; i++) {
      at = enter(at, words.get(i));
    }
    return new Spot(at, words.isEmpty() ? "" : words.getLast(), slash);
  }

  private Node enter(Node dir, String word) {
    Node next = new Spot(dir, word, true).existing();
    Node reached = next.is(FileKind.SYMLINK) ? follow(dir, next) : next;
    failIf(!reached.is(FileKind.DIRECTORY), Errno.ENOTDIR);
    return reached;
  }

  private Node follow(Node dir, Node link) {
    failIf(++followed > 40, Errno.ELOOP);
    return find(dir, link.target, true);
  }

  private Node find(Node from, String path, boolean follow) {
    Spot spot = spot(from, path);
    Node node = spot.existing();
    if (node.is(FileKind.SYMLINK) && (follow || spot.slash)) {
      node = follow(spot.dir, node);
    }
    failIf(spot.slash && !node.is(FileKind.DIRECTORY), Errno.ENOTDIR);
    return node;
  }

  private Spot start(String path) {
    followed = 0;
    return spot(root, path);
  }

  private void place(Spot spot, Node node) {
    spot.dir.children.put(spot.word, node);
    node.names++;
    if (node.is(FileKind.DIRECTORY)) {
      node.parent = spot.dir;
    }
  }

  private static void unplace(Spot spot) {
    spot.existing().names--;
    spot.dir.children.remove(spot.word);
  }

  void stat(String path, boolean follow) {
    followed = 0;
    Node _ = find(root, path, follow);
  }

  void create(String path, boolean exclusive) {
    Spot spot = start(path);
    while (true) {
      failIf(!spot.isName(), exclusive ? Errno.EEXIST : Errno.EISDIR);
      failIf(spot.slash, Errno.EISDIR);
      Node node = spot.node();
      if (node == null) {
        place(spot, new Node(FileKind.REGULAR));
        return;
      }
      failIf(exclusive, Errno.EEXIST);
      failIf(node.is(FileKind.DIRECTORY), Errno.EISDIR);
      if (node.is(FileKind.REGULAR)) {
        return;
      }
      failIf(++followed > 40, Errno.ELOOP);
      spot = spot(spot.dir, node.target);
    }
  }

  private Spot vacant(String path, boolean directory) {
    Spot spot = spot(root, path);
    failIf(!spot.isName() || spot.node() != null, Errno.EEXIST);
    failIf(spot.slash && !directory, Errno.ENOENT);
    return spot;
  }

  void mkdir(String path) {
    followed = 0;
    place(vacant(path, true), new Node(FileKind.DIRECTORY));
  }

  void symlink(String target, String path) {
    followed = 0;
    Node link = new Node(FileKind.SYMLINK);
    link.target = target;
    place(vacant(path, false), link);
  }

  void link(String existing, String path) {
    followed = 0;
    Node node = find(root, existing, false);
    Spot spot = vacant(path, false);
    failIf(node.is(FileKind.DIRECTORY), Errno.EPERM);
    place(spot, node);
  }

  void unlink(String path) {
    Spot spot = start(path);
    failIf(!spot.isName(), Errno.EISDIR);
    Node node = spot.existing();
    failIf(node.is(FileKind.DIRECTORY), Errno.EISDIR);
    failIf(spot.slash, Errno.ENOTDIR);
    unplace(spot);
  }

  void rmdir(String path) {
    Spot spot = start(path);
    failIf(spot.word.isEmpty(), Errno.EBUSY);
    failIf(spot.word.equals("."), Errno.EINVAL);
    failIf(spot.word.equals(".."), Errno.ENOTEMPTY);
    Node node = spot.existing();
    failIf(!node.is(FileKind.DIRECTORY), Errno.ENOTDIR);
    failIf(!node.children.isEmpty(), Errno.ENOTEMPTY);
    unplace(spot);
  }

  private boolean contains(Node above, Node below) {
    for (Node at = below; ; at = at.parent) {
      if (at == above) {
        return true;
      }
      if (at == root) {
        return false;
      }
    }
  }

  void rename(String from, String to, boolean noReplace) {
    followed = 0;
    Spot source = spot(root, from);
    Spot target = spot(root, to);
    failIf(!source.isName(), Errno.EBUSY);
    failIf(!target.isName(), noReplace ? Errno.EEXIST : Errno.EBUSY);
    Node node = source.existing();
    Node old = target.node();
    failIf(noReplace && old != null, Errno.EEXIST);
    boolean dir = node.is(FileKind.DIRECTORY);
    failIf(!dir && (source.slash || target.slash), Errno.ENOTDIR);
    failIf(dir && contains(node, target.dir), Errno.EINVAL);
    failIf(old != null && old.is(FileKind.DIRECTORY) && contains(old, source.dir), Errno.ENOTEMPTY);
    if (node == old) {
      return;
    }
    if (old != null) {
      failIf(dir && !old.is(FileKind.DIRECTORY), Errno.ENOTDIR);
      failIf(!dir && old.is(FileKind.DIRECTORY), Errno.EISDIR);
      failIf(!old.children.isEmpty(), Errno.ENOTEMPTY);
      unplace(target);
    }
    unplace(source);
    place(target, node);
  }

  /** In the format of {@link MemoryVolume#dump}. */
  List<String> dump() {
    List<String> lines = new ArrayList<>();
    dump(root, "", new HashMap<>(), lines);
    return lines;
  }

  private void dump(Node node, String path, Map<Node, Integer> seen, List<String> lines) {
    int identity = seen.computeIfAbsent(node, key -> seen.size());
    long dirs = node.children.values().stream().filter(c -> c.is(FileKind.DIRECTORY)).count();
    long links = node.is(FileKind.DIRECTORY) ? 2 + dirs : node.names;
    String target = node.is(FileKind.SYMLINK) ? " -> " + node.target : "";
    String name = path.isEmpty() ? "/" : path;
    lines.add(name + " " + node.kind + " " + links + " #" + identity + target);
    node.children.forEach((word, child) -> dump(child, path + "/" + word, seen, lines));
  }
}
