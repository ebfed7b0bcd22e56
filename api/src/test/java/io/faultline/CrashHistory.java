package io.faultline;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * What one client did to a volume, and so what may be found after a crash.
 *
 * <p>Of each file: all contents it had since its last acknowledged sync, that one first. A byte on
 * which all of them agree must be there; any other must be one of theirs, or a zero where bytes
 * were not written back in time, and never anything else (invariant I7). Of the tree: all states
 * since the last acknowledged sync of the volume; the one found must be one of them. Not
 * thread-safe: the client waits while others look.
 */
final class CrashHistory {
  private final Map<Long, List<byte[]>> contents = new HashMap<>();
  private List<Map<String, Long>> trees = new ArrayList<>(List.of(Map.of()));

  /** Files whose names must not be older than the tree of that index. */
  private int oldestTree;

  /** A copy that the client no longer changes. */
  CrashHistory copy() {
    CrashHistory copy = new CrashHistory();
    contents.forEach((ino, versions) -> copy.contents.put(ino, List.copyOf(versions)));
    copy.trees = List.copyOf(trees);
    copy.oldestTree = oldestTree;
    return copy;
  }

  /** The content of a file may be this from now on. */
  void content(long ino, byte[] bytes) {
    contents.computeIfAbsent(ino, i -> new ArrayList<>()).add(bytes);
  }

  /** The tree may be this from now on. */
  void tree(Map<String, Long> names) {
    trees.add(Map.copyOf(names));
  }

  /** A sync of this file was acknowledged, and with it the name under which it is known. */
  void synced(long ino) {
    List<byte[]> versions = Objects.requireNonNull(contents.get(ino));
    contents.put(ino, new ArrayList<>(List.of(versions.getLast())));
    // The newest transaction that names the file is durable, and so are all before it.
    for (int t = trees.size() - 1; t > oldestTree; t--) {
      if (!samePath(trees.get(t), trees.get(t - 1), ino)) {
        oldestTree = t;
        break;
      }
    }
  }

  private static boolean samePath(Map<String, Long> one, Map<String, Long> other, long ino) {
    return pathOf(one, ino).equals(pathOf(other, ino));
  }

  private static String pathOf(Map<String, Long> tree, long ino) {
    return tree.entrySet().stream()
        .filter(e -> e.getValue() == ino)
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse("");
  }

  /** A sync of the volume was acknowledged. */
  void allSynced() {
    contents.replaceAll((ino, versions) -> new ArrayList<>(List.of(versions.getLast())));
    oldestTree = trees.size() - 1;
  }

  /** Fails unless {@code volume}, just recovered, holds what it may. */
  void check(Volume volume, String moment) throws IOException {
    FsckReport report = volume.fsck();
    require(report.findings().isEmpty(), moment, "fsck " + report.findings());
    Map<String, Long> found = new TreeMap<>();
    for (DirectoryEntry entry : volume.list("/")) {
      found.put("/" + entry.name(), entry.ino());
    }
    require(
        trees.subList(oldestTree, trees.size()).contains(found),
        moment,
        "the tree " + found + " is none of " + trees.subList(oldestTree, trees.size()));
    for (Map.Entry<String, Long> entry : found.entrySet()) {
      checkFile(volume, entry.getKey(), entry.getValue(), moment);
    }
  }

  private void checkFile(Volume volume, String path, long ino, String moment) throws IOException {
    List<byte[]> versions = contents.getOrDefault(ino, List.of(new byte[0]));
    try (OpenFile file = volume.open(path, READ, WRITE)) {
      long size = file.size();
      long least = versions.stream().mapToLong(v -> v.length).min().orElse(0);
      long most = versions.stream().mapToLong(v -> v.length).max().orElse(0);
      require(
          size >= least && size <= most,
          moment,
          path + " has size " + size + ", not from " + least + " to " + most);
      byte[] bytes = content(file, (int) size);
      for (int i = 0; i < bytes.length; i++) {
        checkByte(versions, i, bytes[i], path, moment);
      }
      // What a crash left behind the end must not come back when the file grows (invariant I16).
      file.truncate(size + 8_192);
      byte[] grown = content(file, (int) size + 8_192);
      for (int i = (int) size; i < grown.length; i++) {
        require(grown[i] == 0, moment, path + " grew over " + grown[i] + " at " + i);
      }
      file.truncate(size);
    }
  }

  private static void checkByte(
      List<byte[]> versions, int at, byte found, String path, String moment) {
    boolean agree = true;
    boolean among = false;
    for (byte[] version : versions) {
      byte value = at < version.length ? version[at] : 0;
      byte[] first = versions.getFirst();
      agree &= value == (at < first.length ? first[at] : 0);
      among |= value == found;
    }
    require(
        among || (!agree && found == 0),
        moment,
        path + " holds " + (found & 0xff) + " at " + at + " of " + versions.size() + " versions");
  }

  static byte[] content(OpenFile file, int size) throws IOException {
    ByteBuffer all = ByteBuffer.allocate(size);
    while (all.hasRemaining() && file.read(all, all.position()) > 0) {
      // read(2) may return less
    }
    return Arrays.copyOf(all.array(), size);
  }

  private static void require(boolean holds, String moment, String what) {
    if (!holds) {
      throw new AssertionError(moment + ": " + what);
    }
  }
}
