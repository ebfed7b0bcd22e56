package io.faultline.soak;

import io.faultline.DirectoryEntry;
import io.faultline.FileExtent;
import io.faultline.FileKind;
import io.faultline.FileStatus;
import io.faultline.OpenFile;
import io.faultline.Volume;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Attributes;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeTable;
import io.faultline.soak.model.ModelFilesystem;
import io.faultline.soak.model.Outcome;
import io.faultline.soak.model.Stat;
import io.faultline.tree.VolumePaths;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * All metadata of a volume at one moment, by path, whoever tells it: the live volume, a journal
 * replayed, or the independent model. Two of them are compared path by path.
 */
final class VolumeImage {
  private static final int PERMISSIONS = 07777;
  private static final long BLOCK = 4096;

  /** A run of blocks in one state, in bytes, as long as it can be. */
  record Run(long offset, long length, String state) {}

  /**
   * One name and its inode.
   *
   * @param sizeBytes 0 for a directory, whose size is everybody's own affair
   */
  record Entry(
      long ino,
      String kind,
      int mode,
      int uid,
      int gid,
      int nlink,
      long sizeBytes,
      long atimeNanos,
      long mtimeNanos,
      long ctimeNanos,
      long btimeNanos,
      String target,
      List<Run> runs) {

    Entry forNames() {
      return new Entry(0, kind, mode, 0, 0, nlink, sizeBytes, 0, 0, 0, 0, target, List.of());
    }
  }

  /** The first thing in which two images differ. */
  record Difference(long ino, String saw, String allowed) {
    Finding as(String kind) {
      return new Finding(kind, ino, Finding.NONE, saw, allowed, Finding.NONE);
    }
  }

  private final SortedMap<String, Entry> entries;

  private VolumeImage(SortedMap<String, Entry> entries) {
    this.entries = entries;
  }

  // ---- whoever tells it ----

  /** The volume as its interfaces show it; nobody changes it meanwhile. */
  static VolumeImage of(Volume volume) throws IOException {
    TreeMap<String, Entry> found = new TreeMap<>();
    collect(volume, "/", found);
    return new VolumeImage(found);
  }

  private static void collect(Volume volume, String path, Map<String, Entry> into)
      throws IOException {
    FileStatus status = volume.lstat(path);
    List<Run> runs = new ArrayList<>();
    if (status.isRegularFile() && status.blocks() > 0) {
      try (OpenFile file = volume.open(path)) {
        for (FileExtent extent : file.extents()) {
          addRun(runs, extent.offset(), extent.length(), extent.state().name());
        }
      }
    }
    into.put(
        path,
        new Entry(
            status.ino(),
            status.kind().name(),
            status.mode(),
            status.uid(),
            status.gid(),
            status.nlink(),
            status.isDirectory() ? 0 : status.sizeBytes(),
            status.atimeNanos(),
            status.mtimeNanos(),
            status.ctimeNanos(),
            status.btimeNanos(),
            status.isSymlink() ? volume.readlink(path) : "",
            runs));
    if (status.isDirectory()) {
      for (DirectoryEntry entry : volume.list(path)) {
        collect(volume, VolumePaths.child(path, entry.name()), into);
      }
    }
  }

  /** The evented state, as a replay gives it. */
  static VolumeImage of(InodeTable table) {
    TreeMap<String, Entry> found = new TreeMap<>();
    Inode root = table.get(InodeTable.ROOT);
    if (root != null) {
      collect(table, root, "/", found);
    }
    return new VolumeImage(found);
  }

  private static void collect(InodeTable table, Inode inode, String path, Map<String, Entry> into) {
    switch (inode) {
      case Inode.RegularFile file -> {
        List<Run> runs = new ArrayList<>();
        for (Extent extent : file.extents()) {
          String state = extent.isWritten() ? "DATA" : "UNWRITTEN";
          addRun(runs, extent.fileBlock() * BLOCK, extent.length() * BLOCK, state);
        }
        into.put(path, entry(file, file.durableSize(), "", runs));
      }
      case Inode.Symlink link -> {
        long size = link.target().getBytes(StandardCharsets.UTF_8).length;
        into.put(path, entry(link, size, link.target(), List.of()));
      }
      case Inode.Directory directory -> {
        into.put(path, entry(directory, 0, "", List.of()));
        directory
            .entries()
            .forEach(
                (name, child) -> {
                  Inode below = table.get(child);
                  // A name without inode is missing here and so differs from any live volume.
                  if (below != null) {
                    collect(table, below, VolumePaths.child(path, name), into);
                  }
                });
      }
    }
  }

  private static Entry entry(Inode inode, long sizeBytes, String target, List<Run> runs) {
    Attributes of = inode.attributes();
    return new Entry(
        of.ino(),
        inode.kind().name(),
        of.mode(),
        of.uid(),
        of.gid(),
        of.nlink(),
        sizeBytes,
        of.atimeNanos(),
        of.mtimeNanos(),
        of.ctimeNanos(),
        of.btimeNanos(),
        target,
        runs);
  }

  /** What the model knows: names, kinds, modes, links, sizes, targets. Without the root. */
  static VolumeImage of(ModelFilesystem model) {
    TreeMap<String, Entry> found = new TreeMap<>();
    model.tree().forEach((path, stat) -> found.put(path, entry(model, path, stat)));
    return new VolumeImage(found);
  }

  private static Entry entry(ModelFilesystem model, String path, Stat stat) {
    FileKind kind =
        switch (stat.mode() & Stat.TYPE_MASK) {
          case Stat.DIRECTORY -> FileKind.DIRECTORY;
          case Stat.SYMLINK -> FileKind.SYMLINK;
          default -> FileKind.REGULAR;
        };
    String target = model.readlink(path) instanceof Outcome.Ok<String> ok ? ok.value() : "";
    return new Entry(
        0,
        kind.name(),
        stat.mode() & PERMISSIONS,
        0,
        0,
        stat.links(),
        kind == FileKind.DIRECTORY ? 0 : stat.sizeBytes(),
        0,
        0,
        0,
        0,
        target,
        List.of());
  }

  private static void addRun(List<Run> runs, long offset, long length, String state) {
    if (!runs.isEmpty()) {
      Run last = runs.getLast();
      if (last.state.equals(state) && last.offset + last.length == offset) {
        runs.set(runs.size() - 1, new Run(last.offset, last.length + length, state));
        return;
      }
    }
    runs.add(new Run(offset, length, state));
  }

  // ---- comparing ----

  int size() {
    return entries.size();
  }

  /** How many inodes the names lead to. */
  long inodes() {
    return entries.values().stream().mapToLong(Entry::ino).distinct().count();
  }

  /** Only these directories and what is below them. */
  VolumeImage within(String... directories) {
    TreeMap<String, Entry> kept = new TreeMap<>();
    entries.forEach(
        (path, entry) -> {
          for (String directory : directories) {
            if (path.equals(directory) || path.startsWith(directory + "/")) {
              kept.put(path, entry);
            }
          }
        });
    return new VolumeImage(kept);
  }

  /** Without what only an implementation can know: numbers, owners, times, blocks. */
  VolumeImage forNames() {
    TreeMap<String, Entry> stripped = new TreeMap<>();
    entries.forEach((path, entry) -> stripped.put(path, entry.forNames()));
    return new VolumeImage(stripped);
  }

  /** The first path, in their order, at which this image is not what {@code expected} says. */
  Optional<Difference> firstDifference(VolumeImage expected) {
    Set<String> paths = new TreeSet<>(entries.keySet());
    paths.addAll(expected.entries.keySet());
    for (String path : paths) {
      Entry mine = entries.get(path);
      Entry theirs = expected.entries.get(path);
      if (mine == null || !mine.equals(theirs)) {
        Entry known = mine == null ? theirs : mine;
        long ino = known == null || known.ino() == 0 ? Finding.NONE : known.ino();
        return Optional.of(new Difference(ino, text(path, mine), text(path, theirs)));
      }
    }
    return Optional.empty();
  }

  private static String text(String path, @Nullable Entry entry) {
    if (entry == null) {
      return path + ":absent";
    }
    return path
        + ":"
        + entry.kind()
        + ",ino="
        + entry.ino()
        + ",mode="
        + Integer.toOctalString(entry.mode())
        + ",owner="
        + entry.uid()
        + "/"
        + entry.gid()
        + ",nlink="
        + entry.nlink()
        + ",size="
        + entry.sizeBytes()
        + ",times="
        + entry.atimeNanos()
        + "/"
        + entry.mtimeNanos()
        + "/"
        + entry.ctimeNanos()
        + "/"
        + entry.btimeNanos()
        + ",target="
        + entry.target()
        + ",runs="
        + entry.runs().size()
        + "#"
        + Integer.toHexString(entry.runs().hashCode());
  }
}
