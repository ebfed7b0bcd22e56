package io.faultline.engine.volume;

import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.inode.Inodes;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Paths of a few inodes in a tree that need not be sound. The tree has no map from an inode to its
 * names, and a sound volume needs none: so this looks at every name once, and then at those of the
 * directories above.
 */
final class FindingPaths {
  /** Deeper paths are left out; a cycle has no end. */
  private static final int DEPTH_MAX = 128;

  /** One name of an inode. */
  private record Link(long directory, String name) {}

  private final Inodes table;
  private final Map<Long, Link> links = new HashMap<>();

  private FindingPaths(Inodes table) {
    this.table = table;
  }

  /** A path for each of {@code inos} that has one. */
  static Map<Long, String> of(Inodes table, List<Inode> inodes, Collection<Long> inos) {
    Set<Long> wanted = new HashSet<>(inos);
    wanted.remove(-1L);
    if (wanted.isEmpty()) {
      return Map.of();
    }
    FindingPaths paths = new FindingPaths(table);
    for (Inode inode : inodes) {
      if (inode instanceof Inode.Directory dir) {
        paths.look(dir, wanted);
      }
    }
    paths.climb();
    Map<Long, String> found = new HashMap<>();
    for (long ino : wanted) {
      String path = paths.path(ino);
      if (!path.isEmpty()) {
        found.put(ino, path);
      }
    }
    return found;
  }

  private void look(Inode.Directory dir, Set<Long> wanted) {
    for (Map.Entry<String, Long> entry : dir.entries().entrySet()) {
      if (wanted.contains(entry.getValue())) {
        links.putIfAbsent(entry.getValue(), new Link(dir.ino(), entry.getKey()));
      }
    }
  }

  /** Finds the names of all directories above what is known. */
  private void climb() {
    Set<Long> level = new HashSet<>();
    links.values().forEach(link -> level.add(link.directory()));
    for (int depth = 0; depth < DEPTH_MAX && !level.isEmpty(); depth++) {
      Map<Long, Set<Long>> byParent = new HashMap<>();
      for (long ino : level) {
        if (!links.containsKey(ino) && table.get(ino) instanceof Inode.Directory dir) {
          byParent.computeIfAbsent(dir.parent(), parent -> new HashSet<>()).add(ino);
        }
      }
      level.clear();
      byParent.forEach(
          (parent, children) -> {
            if (table.get(parent) instanceof Inode.Directory dir) {
              look(dir, children);
              level.add(parent);
            }
          });
    }
  }

  private String path(long ino) {
    if (ino == InodeTable.ROOT) {
      return "/";
    }
    StringBuilder path = new StringBuilder();
    long at = ino;
    for (int depth = 0; at != InodeTable.ROOT; depth++) {
      Link link = links.get(at);
      if (link == null || depth > DEPTH_MAX) {
        return "";
      }
      path.insert(0, "/" + link.name());
      at = link.directory();
    }
    return path.toString();
  }
}
