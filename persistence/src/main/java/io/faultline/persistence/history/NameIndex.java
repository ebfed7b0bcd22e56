package io.faultline.persistence.history;

import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeTable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which names lead to which inodes, both ways, kept up to date by events. What no name leads to is
 * called {@code ino:N}. Mutable; not thread-safe while it changes.
 */
public final class NameIndex {
  /** A name in a directory. */
  record Name(long parent, String name) {}

  /** A loop of directories is damage; this many levels end the climb. */
  private static final int DEPTH_MAX = 4096;

  /** The inodes whose names were asked for, where not all were. */
  private final Set<Long> complete = new HashSet<>();

  private final Map<Long, Set<Name>> namesOf = new HashMap<>();
  private final Map<Name, Long> childOf = new HashMap<>();

  /** All names of a state. */
  static NameIndex of(InodeMap inodes) {
    NameIndex index = new NameIndex();
    inodes.forEachName(child -> true, index::add);
    return index;
  }

  /** The names of {@code inos} and of the directories above them; of no other inode. */
  static NameIndex of(InodeMap inodes, Collection<Long> inos) {
    NameIndex index = new NameIndex();
    Set<Long> wanted = new HashSet<>(inos);
    // The second round is for the directories that the first one found files in; seldom a third.
    while (!wanted.isEmpty()) {
      Set<Long> looked = withAncestors(inodes, wanted);
      looked.removeAll(index.complete);
      Set<Long> parents = new HashSet<>();
      inodes.forEachName(
          looked::contains,
          (directory, name, child) -> {
            index.add(directory, name, child);
            parents.add(directory);
          });
      index.complete.addAll(looked);
      parents.removeAll(index.complete);
      wanted = parents;
    }
    return index;
  }

  /** Whether all names of {@code inos} are in an index of the names of some. */
  boolean covers(Collection<Long> inos) {
    return complete.containsAll(inos);
  }

  private static Set<Long> withAncestors(InodeMap inodes, Set<Long> inos) {
    Set<Long> all = new HashSet<>();
    for (long ino : inos) {
      long at = ino;
      while (all.add(at) && inodes.get(at) instanceof Inode.Directory dir) {
        at = dir.parent();
      }
    }
    return all;
  }

  /** Takes what {@code event} does to names, if anything. */
  public void apply(Event event) {
    switch (event) {
      case Event.EntryAdded e -> add(e.ino(), e.name(), e.child());
      case Event.EntryRemoved e -> remove(new Name(e.ino(), e.name()), e.child());
      default -> {}
    }
  }

  private void add(long parent, String name, long child) {
    Name added = new Name(parent, name);
    childOf.put(added, child);
    namesOf.computeIfAbsent(child, _ -> new HashSet<>(2)).add(added);
  }

  private void remove(Name name, long child) {
    childOf.remove(name);
    Set<Name> names = namesOf.get(child);
    if (names != null && names.remove(name) && names.isEmpty()) {
      namesOf.remove(child);
    }
  }

  /** Every path of the inode, hard links included; empty for one without a name. */
  public List<String> paths(long ino) {
    if (ino == InodeTable.ROOT) {
      return List.of("/");
    }
    List<String> paths = new ArrayList<>();
    for (Name name : namesOf.getOrDefault(ino, Set.of())) {
      paths.add(below(name.parent(), name.name(), DEPTH_MAX));
    }
    paths.sort(null);
    return paths;
  }

  /** The first path of the inode in the order of texts, or {@code ino:N} if it has none. */
  public String path(long ino) {
    return path(ino, DEPTH_MAX);
  }

  private String path(long ino, int depth) {
    if (ino == InodeTable.ROOT) {
      return "/";
    }
    Set<Name> names = namesOf.get(ino);
    if (names == null || depth == 0) {
      return "ino:" + ino;
    }
    String first = "";
    for (Name name : names) {
      String path = below(name.parent(), name.name(), depth);
      first = first.isEmpty() || path.compareTo(first) < 0 ? path : first;
    }
    return first;
  }

  /** The path of a name in a directory. */
  public String below(long parent, String name) {
    return below(parent, name, DEPTH_MAX);
  }

  private String below(long parent, String name, int depth) {
    String above = path(parent, depth - 1);
    return above.endsWith("/") ? above + name : above + "/" + name;
  }

  /** What the path leads to, name by name; symbolic links are not followed. */
  public Optional<Long> find(String path) {
    long here = InodeTable.ROOT;
    for (String name : VolumeState.components(path)) {
      Long child = childOf.get(new Name(here, name));
      if (child == null) {
        return Optional.empty();
      }
      here = child;
    }
    return Optional.of(here);
  }

  /** Whether {@code event} adds or removes one of the names that {@code path} consists of. */
  public boolean concerns(String path, Event event) {
    @Nullable String changed =
        switch (event) {
          case Event.EntryAdded e -> e.name();
          case Event.EntryRemoved e -> e.name();
          default -> null;
        };
    if (changed == null) {
      return false;
    }
    Long here = InodeTable.ROOT;
    for (String name : VolumeState.components(path)) {
      if (here == null) {
        return false;
      }
      if (here == event.ino() && name.equals(changed)) {
        return true;
      }
      here = childOf.get(new Name(here, name));
    }
    return false;
  }
}
