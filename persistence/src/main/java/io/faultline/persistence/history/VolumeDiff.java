package io.faultline.persistence.history;

import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Attributes;
import io.faultline.engine.inode.Inode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/** What is different between two states of a volume, inode by inode in the order of numbers. */
public final class VolumeDiff {
  /**
   * One inode that is different.
   *
   * @param path in the later state; in the earlier one if it has none there; ino:N without any
   * @param before empty if it appeared
   * @param after empty if it went
   * @param namesGone paths that led to it and do not any more
   * @param namesNew paths that lead to it and did not
   * @param attributes what else is different of an inode that is in both
   * @param unmapped what was mapped and is not so any more
   * @param mapped what is mapped and was not so
   */
  public record Change(
      long ino,
      String path,
      Optional<Inode> before,
      Optional<Inode> after,
      List<String> namesGone,
      List<String> namesNew,
      List<Attribute> attributes,
      List<Extent> unmapped,
      List<Extent> mapped) {
    public Change {
      namesGone = List.copyOf(namesGone);
      namesNew = List.copyOf(namesNew);
      attributes = List.copyOf(attributes);
      unmapped = List.copyOf(unmapped);
      mapped = List.copyOf(mapped);
    }
  }

  /** A value that changed. Times are nanoseconds since the epoch. */
  public record Attribute(String name, String before, String after, boolean time) {}

  private VolumeDiff() {}

  /** The inodes that are not the same in both; paths are those of either moment. */
  public static List<Change> between(VolumeState before, VolumeState after) {
    List<Change> changes = new ArrayList<>();
    SortedSet<Long> concerned = concerned(before, after);
    NameIndex earlier = before.names(concerned);
    NameIndex later = after.names(concerned);
    for (long ino : concerned) {
      Inode old = before.get(ino);
      Inode now = after.get(ino);
      List<String> namesGone = new ArrayList<>(earlier.paths(ino));
      List<String> namesNew = new ArrayList<>(later.paths(ino));
      String path = namesNew.isEmpty() ? earlier.path(ino) : namesNew.getFirst();
      List<String> both = new ArrayList<>(namesGone);
      both.retainAll(namesNew);
      namesGone.removeAll(both);
      namesNew.removeAll(both);
      List<Extent> unmapped = new ArrayList<>();
      List<Extent> mapped = new ArrayList<>();
      extents(extentsOf(old), extentsOf(now), unmapped, mapped);
      Change change =
          new Change(
              ino,
              path,
              Optional.ofNullable(old),
              Optional.ofNullable(now),
              namesGone,
              namesNew,
              old == null || now == null ? List.of() : attributes(old, now),
              unmapped,
              mapped);
      changes.add(change);
    }
    return changes;
  }

  private static SortedSet<Long> concerned(VolumeState before, VolumeState after) {
    SortedSet<Long> inos = VolumeState.differing(before, after);
    // A renamed child may be unchanged itself: its directories say so.
    for (long dir : List.copyOf(inos)) {
      inos.addAll(renamed(before.get(dir), after.get(dir)));
      inos.addAll(renamed(after.get(dir), before.get(dir)));
    }
    return inos;
  }

  private static List<Long> renamed(@Nullable Inode one, @Nullable Inode other) {
    List<Long> found = new ArrayList<>();
    if (one instanceof Inode.Directory dir) {
      dir.entries()
          .forEach(
              (name, child) -> {
                if (!(other instanceof Inode.Directory twin)
                    || !child.equals(twin.entries().get(name))) {
                  found.add(child);
                }
              });
    }
    return found;
  }

  private static List<Extent> extentsOf(@Nullable Inode inode) {
    List<Extent> all = new ArrayList<>();
    if (inode instanceof Inode.RegularFile file) {
      file.extents().forEach(all::add);
    }
    return all;
  }

  private static List<Attribute> attributes(Inode old, Inode now) {
    List<Attribute> out = new ArrayList<>();
    Attributes a = old.attributes();
    Attributes b = now.attributes();
    if (old instanceof Inode.RegularFile f && now instanceof Inode.RegularFile g) {
      number(out, "size", f.durableSize(), g.durableSize());
    }
    if (a.mode() != b.mode()) {
      out.add(
          new Attribute(
              "mode", Integer.toOctalString(a.mode()), Integer.toOctalString(b.mode()), false));
    }
    number(out, "uid", a.uid(), b.uid());
    number(out, "gid", a.gid(), b.gid());
    number(out, "nlink", a.nlink(), b.nlink());
    if (old instanceof Inode.Directory d && now instanceof Inode.Directory e) {
      number(out, "parent", d.parent(), e.parent());
      number(out, "entries", d.entries().size(), e.entries().size());
    }
    time(out, "atime", a.atimeNanos(), b.atimeNanos());
    time(out, "mtime", a.mtimeNanos(), b.mtimeNanos());
    time(out, "ctime", a.ctimeNanos(), b.ctimeNanos());
    return out;
  }

  private static void number(List<Attribute> out, String name, long before, long after) {
    if (before != after) {
      out.add(new Attribute(name, Long.toString(before), Long.toString(after), false));
    }
  }

  private static void time(List<Attribute> out, String name, long before, long after) {
    if (before != after) {
      out.add(new Attribute(name, Long.toString(before), Long.toString(after), true));
    }
  }

  /** What is in one list and not in the other, block by block, in runs. */
  private static void extents(
      List<Extent> before, List<Extent> after, List<Extent> unmapped, List<Extent> mapped) {
    unmapped.addAll(missing(before, after));
    mapped.addAll(missing(after, before));
  }

  /** The parts of {@code these} whose blocks are not mapped to the same place in {@code those}. */
  private static List<Extent> missing(List<Extent> these, List<Extent> those) {
    List<Extent> out = new ArrayList<>();
    int i = 0;
    for (Extent e : these) {
      long at = e.fileBlock();
      while (i < those.size() && those.get(i).end() <= at) {
        i++;
      }
      for (int j = i; j < those.size() && those.get(j).fileBlock() < e.end(); j++) {
        Extent same = those.get(j).clip(e.fileBlock(), e.end());
        if (same.state() != e.state() || same.physical() != e.physicalOf(same.fileBlock())) {
          continue;
        }
        if (same.fileBlock() > at) {
          out.add(e.clip(at, same.fileBlock()));
        }
        at = same.end();
      }
      if (at < e.end()) {
        out.add(e.clip(at, e.end()));
      }
    }
    return out;
  }
}
