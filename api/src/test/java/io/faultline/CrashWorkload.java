package io.faultline;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** One client at work, one operation after the other, that tells a {@link CrashHistory} of each. */
final class CrashWorkload {
  private static final int PAGE = 4096;
  private static final int FILE_BYTES_MAX = 8 * PAGE;
  private static final List<String> NAMES = List.of("/a", "/b", "/c");

  private final Volume volume;
  private final CrashHistory history;
  private final SplittableRandom random;
  private final Map<String, Long> tree = new TreeMap<>();
  private final Map<Long, byte[]> contents = new TreeMap<>();
  private final List<String> log = new ArrayList<>();
  private int value;

  CrashWorkload(Volume volume, CrashHistory history, long seed) {
    this.volume = volume;
    this.history = history;
    this.random = new SplittableRandom(seed);
  }

  /** What was done so far. */
  String log() {
    return String.join("; ", log);
  }

  /**
   * Does the next operation.
   *
   * @return whether it ended with an acknowledged sync
   */
  boolean step() throws IOException {
    String path = NAMES.get(random.nextInt(NAMES.size()));
    if (!tree.containsKey(path)) {
      create(path);
      return false;
    }
    long ino = tree.get(path);
    int kind = random.nextInt(20);
    if (kind == 0) {
      unlink(path);
    } else if (kind == 1) {
      rename(path, NAMES.get(random.nextInt(NAMES.size())));
    } else if (kind == 2) {
      log.add("sync");
      volume.sync();
      history.allSynced();
      return true;
    } else if (kind < 9) {
      try (OpenFile file = volume.open(path, READ, WRITE)) {
        boolean dataOnly = random.nextBoolean();
        log.add((dataOnly ? "fdatasync " : "fsync ") + path);
        if (dataOnly) {
          file.dataSync();
        } else {
          file.sync();
        }
        history.synced(ino);
      }
      return true;
    } else {
      try (OpenFile file = volume.open(path, READ, WRITE)) {
        change(file, ino, path);
      }
    }
    return false;
  }

  private void create(String path) throws IOException {
    log.add("create " + path);
    // Before it is done, since a crash may find it done before we know of it. Numbers rise by one.
    long ino = tree.isEmpty() && contents.isEmpty() ? 11 : nextIno();
    tree.put(path, ino);
    history.content(ino, new byte[0]);
    contents.put(ino, new byte[0]);
    history.tree(tree);
    volume.create(path, 0644);
    if (volume.stat(path).ino() != ino) {
      throw new IllegalStateException("inode numbers do not rise by one");
    }
  }

  private long nextIno() {
    return contents.keySet().stream().mapToLong(i -> i).max().orElse(10) + 1;
  }

  private void unlink(String path) throws IOException {
    log.add("unlink " + path);
    tree.remove(path);
    history.tree(tree);
    volume.unlink(path);
  }

  private void rename(String from, String to) throws IOException {
    log.add("rename " + from + " " + to);
    if (!from.equals(to)) {
      tree.put(to, tree.remove(from));
      history.tree(tree);
    }
    volume.rename(from, to);
  }

  private byte next() {
    value = value % 255 + 1;
    return (byte) value;
  }

  private void becomes(long ino, byte[] bytes, String what) {
    log.add(what);
    contents.put(ino, bytes);
    history.content(ino, bytes);
  }

  private void change(OpenFile file, long ino, String path) throws IOException {
    byte[] now = Objects.requireNonNull(contents.get(ino));
    int at = edge(FILE_BYTES_MAX - PAGE);
    int length = 1 + edge(3 * PAGE);
    switch (random.nextInt(12)) {
      case 0, 1, 2, 3 -> {
        length = Math.min(length, FILE_BYTES_MAX - at);
        byte fill = next();
        byte[] bytes = Arrays.copyOf(now, Math.max(now.length, at + length));
        Arrays.fill(bytes, at, at + length, fill);
        becomes(ino, bytes, "write " + path + " " + at + " " + length + " " + (fill & 0xff));
        byte[] source = new byte[length];
        Arrays.fill(source, fill);
        file.write(ByteBuffer.wrap(source), at);
      }
      case 4, 5, 6 -> {
        byte[] bytes = now.clone();
        zero(bytes, at, length);
        becomes(ino, bytes, "punch " + path + " " + at + " " + length);
        file.punchHole(at, length);
      }
      case 7 -> {
        byte[] bytes = now.clone();
        zero(bytes, at, length);
        becomes(ino, bytes, "zero " + path + " " + at + " " + length + " keep");
        file.zeroRange(at, length, true);
      }
      case 8, 9 -> {
        becomes(ino, Arrays.copyOf(now, at), "truncate " + path + " " + at);
        file.truncate(at);
      }
      case 10 -> {
        log.add("allocate " + path + " " + at + " " + length + " keep");
        file.allocate(at, length, true);
      }
      default -> shift(file, ino, path, now);
    }
  }

  private void shift(OpenFile file, long ino, String path, byte[] now) throws IOException {
    int pages = now.length / PAGE;
    if (pages < 2) {
      return;
    }
    int at = random.nextInt(pages - 1) * PAGE;
    if (random.nextBoolean()) {
      byte[] bytes = new byte[now.length - PAGE];
      System.arraycopy(now, 0, bytes, 0, at);
      System.arraycopy(now, at + PAGE, bytes, at, now.length - at - PAGE);
      if (bytes.length > at) {
        becomes(ino, bytes, "collapse " + path + " " + at);
        file.collapseRange(at, PAGE);
      }
    } else if (now.length + PAGE <= FILE_BYTES_MAX) {
      byte[] bytes = new byte[now.length + PAGE];
      System.arraycopy(now, 0, bytes, 0, at);
      System.arraycopy(now, at, bytes, at + PAGE, now.length - at);
      becomes(ino, bytes, "insert " + path + " " + at);
      file.insertRange(at, PAGE);
    }
  }

  private static void zero(byte[] bytes, int at, int length) {
    int from = Math.min(at, bytes.length);
    Arrays.fill(bytes, from, Math.min(bytes.length, at + length), (byte) 0);
  }

  /** Below {@code max}, half of the time next to a page boundary. */
  private int edge(int max) {
    if (random.nextBoolean()) {
      return random.nextInt(max);
    }
    return Math.max(0, random.nextInt(max / PAGE + 1) * PAGE + random.nextInt(-1, 2));
  }
}
