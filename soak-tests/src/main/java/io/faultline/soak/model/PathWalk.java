package io.faultline.soak.model;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * Where a path leads: the directory that holds, or would hold, its last component, and the node
 * found there. Linux's rules: 255 bytes a name, 4095 a path, 40 symbolic links in one walk, {@code
 * ..} of the root is the root, a trailing slash asks for a directory.
 *
 * @param parent the directory of the last component
 * @param name the last component; empty for the root
 * @param node what is there now
 * @param special the last component is the root, {@code .} or {@code ..}
 * @param directoryAsked the path ended in a slash
 */
record PathWalk(
    Node.Directory parent,
    String name,
    Optional<Node> node,
    boolean special,
    boolean directoryAsked) {

  static final int NAME_BYTES_MAX = 255;
  static final int PATH_BYTES_MAX = 4095;
  static final int SYMLINKS_MAX = 40;

  /**
   * Walks {@code path}.
   *
   * @param follow whether a symbolic link in the last component is followed
   */
  static PathWalk of(Node.Directory root, String path, boolean follow) throws Refusal {
    checkPath(path);
    Deque<String> rest = new ArrayDeque<>(components(path));
    boolean directoryAsked = path.endsWith("/");
    Node.Directory here = root;
    int symlinks = 0;
    if (rest.isEmpty()) {
      return new PathWalk(root, "", Optional.of(root), true, false);
    }
    while (true) {
      String name = rest.removeFirst();
      boolean last = rest.isEmpty();
      if (name.equals(".") || name.equals("..")) {
        here = name.equals("..") ? here.parent : here;
        if (last) {
          return new PathWalk(here, name, Optional.of(here), true, directoryAsked);
        }
        continue;
      }
      if (utf8Length(name) > NAME_BYTES_MAX) {
        throw new Refusal("ENAMETOOLONG");
      }
      Optional<Node> node = Optional.ofNullable(here.children.get(name));
      if (node.isPresent() && node.get() instanceof Node.Symlink link && (!last || follow)) {
        if (++symlinks > SYMLINKS_MAX) {
          throw new Refusal("ELOOP");
        }
        prepend(rest, components(link.target));
        here = link.target.startsWith("/") ? root : here;
        directoryAsked |= last && link.target.endsWith("/");
        if (rest.isEmpty()) {
          return new PathWalk(here, "", Optional.of(here), true, directoryAsked);
        }
        continue;
      }
      if (last) {
        return new PathWalk(here, name, node, false, directoryAsked);
      }
      here = descend(node);
    }
  }

  /** The node of a plain lookup. */
  static Node lookup(Node.Directory root, String path, boolean follow) throws Refusal {
    PathWalk walk = of(root, path, follow || path.endsWith("/"));
    Node node = walk.node.orElseThrow(() -> new Refusal("ENOENT"));
    if (walk.directoryAsked && !(node instanceof Node.Directory)) {
      throw new Refusal("ENOTDIR");
    }
    return node;
  }

  static int utf8Length(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  private static Node.Directory descend(Optional<Node> node) throws Refusal {
    if (node.isEmpty()) {
      throw new Refusal("ENOENT");
    }
    if (node.get() instanceof Node.Directory directory) {
      return directory;
    }
    throw new Refusal("ENOTDIR");
  }

  private static void checkPath(String path) throws Refusal {
    if (path.isEmpty()) {
      throw new Refusal("ENOENT");
    }
    if (!path.startsWith("/")) {
      throw new IllegalArgumentException("the model takes absolute paths only: " + path);
    }
    if (utf8Length(path) > PATH_BYTES_MAX) {
      throw new Refusal("ENAMETOOLONG");
    }
  }

  private static List<String> components(String path) {
    return Arrays.stream(path.split("/", -1)).filter(part -> !part.isEmpty()).toList();
  }

  private static void prepend(Deque<String> rest, List<String> front) {
    for (Iterator<String> it = front.reversed().iterator(); it.hasNext(); ) {
      rest.addFirst(it.next());
    }
  }
}
