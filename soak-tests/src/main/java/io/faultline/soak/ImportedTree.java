package io.faultline.soak;

import io.faultline.FileStatus;
import io.faultline.OpenFile;
import io.faultline.Volume;
import io.faultline.tree.TreeImport;
import io.faultline.tree.TreeObserver;
import io.faultline.tree.TreeSummary;
import io.faultline.tree.VolumePaths;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A tree of the host as it was before it was carried into a volume, and the comparison of what the
 * volume has of it with that. Contents are remembered as SHA-256. Reading some of it is safe for
 * any number of threads; the rest belongs to one.
 */
final class ImportedTree {
  /** Where the tree is in the volume. */
  static final String TARGET = "/import";

  private static final int BUFFER_BYTES = 1 << 20;
  private static final int BLOCK = 4096;
  private static final int READ_BYTES_MAX = 64 << 10;

  /**
   * One name of the host.
   *
   * @param identity the inode of the host: two names of one file have the same
   * @param blocksMax blocks of 4096 that are not all zeros
   */
  private record HostEntry(
      Path host,
      String path,
      int typedMode,
      int uid,
      int gid,
      Object identity,
      long sizeBytes,
      long mtimeNanos,
      long blocksMax,
      String digest,
      String target) {

    boolean is(int type) {
      return (typedMode & 0170000) == type;
    }
  }

  private static final int REGULAR = 0100000;
  private static final int DIRECTORY = 0040000;
  private static final int SYMLINK = 0120000;

  private final List<HostEntry> entries = new ArrayList<>();
  private final List<HostEntry> readable = new ArrayList<>();
  private long bytes;

  private ImportedTree() {}

  /** No tree. */
  static ImportedTree none() {
    return new ImportedTree();
  }

  /** Reads the whole tree once. */
  static ImportedTree of(Path directory, SoakRun run) throws IOException {
    ImportedTree tree = new ImportedTree();
    Path root = directory.toRealPath();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path host, BasicFileAttributes basic)
              throws IOException {
            tree.add(root, host, run);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path host, BasicFileAttributes basic)
              throws IOException {
            if (!basic.isOther()) {
              tree.add(root, host, run);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return tree;
  }

  private void add(Path root, Path host, SoakRun run) throws IOException {
    Map<String, Object> unix = Files.readAttributes(host, "unix:*", LinkOption.NOFOLLOW_LINKS);
    int mode = (int) value(unix, "mode");
    String below = root.relativize(host).toString();
    String path = below.isEmpty() ? TARGET : VolumePaths.child(TARGET, below);
    String digest = "";
    long blocks = 0;
    long size = (long) value(unix, "size");
    if ((mode & 0170000) == REGULAR) {
      Digest content = new Digest();
      try (FileChannel channel = FileChannel.open(host)) {
        size = content.of((at, buffer) -> channel.read(buffer, at));
      }
      digest = content.text();
      blocks = content.blocks;
      bytes += blocks * BLOCK;
    }
    HostEntry entry =
        new HostEntry(
            host,
            path,
            mode,
            (int) value(unix, "uid"),
            (int) value(unix, "gid"),
            value(unix, "ino"),
            size,
            ((FileTime) value(unix, "lastModifiedTime")).to(TimeUnit.NANOSECONDS),
            blocks,
            digest,
            (mode & 0170000) == SYMLINK ? Files.readSymbolicLink(host).toString() : "");
    entries.add(entry);
    if (entry.is(REGULAR) && size > 0) {
      readable.add(entry);
    }
    run.counts().steps.increment();
  }

  private static Object value(Map<String, Object> unix, String name) {
    Object value = unix.get(name);
    if (value == null) {
      throw new IllegalStateException("the host tells no " + name);
    }
    return value;
  }

  boolean isEmpty() {
    return readable.isEmpty();
  }

  int size() {
    return entries.size();
  }

  /** Bytes of the blocks that the tree needs in a volume, without those of its metadata. */
  long bytes() {
    return bytes;
  }

  /**
   * Carries the tree in.
   *
   * @throws IOException also when something had to be left out
   */
  TreeSummary carryIn(Path directory, SoakRun run) throws IOException {
    List<String> skipped = new ArrayList<>();
    TreeObserver observer =
        new TreeObserver() {
          @Override
          public void advanced(long count) {
            run.counts().steps.increment();
          }

          @Override
          public void skipped(String path, String reason) {
            skipped.add(path + ": " + reason);
          }
        };
    TreeSummary summary = new TreeImport(run.volume(), observer).run(directory, TARGET);
    // What is no file, directory or link is not in the list of what must be there either.
    long missing = 0;
    for (HostEntry entry : entries) {
      missing += skipped.stream().anyMatch(one -> one.startsWith(entry.host + ": ")) ? 1 : 0;
    }
    if (missing > 0) {
      throw new ImpossibleException(
          missing + " entries cannot be imported, the first: " + skipped.get(0));
    }
    return summary;
  }

  /** Reads some of a random file and compares it with the host. */
  void readSome(SoakRun run, RandomGenerator random) throws IOException {
    HostEntry entry = readable.get(random.nextInt(readable.size()));
    long offset = random.nextLong(entry.sizeBytes);
    int length = (int) Math.min(entry.sizeBytes - offset, 1 + random.nextInt(READ_BYTES_MAX));
    byte[] mine = new byte[length];
    byte[] hosts = new byte[length];
    int count;
    try (OpenFile file = run.volume().open(entry.path)) {
      count = file.read(ByteBuffer.wrap(mine), offset);
    }
    try (FileChannel channel = FileChannel.open(entry.host)) {
      readFully(channel, hosts, offset);
    }
    if (count != length || !Arrays.equals(mine, hosts)) {
      differs(run, entry, offset + Math.max(0, Arrays.mismatch(mine, hosts)), "count:" + count);
    }
    run.counts().bytesVerified.add(Math.max(0, count));
    run.counts().count(OpKind.IMPORTED_READ);
  }

  private static void readFully(FileChannel channel, byte[] into, long offset) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(into);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, offset + buffer.position()) < 0) {
        return;
      }
    }
  }

  /** Compares everything: kinds, modes, owners, sizes, times, links, holes and every byte. */
  void verify(SoakRun run) throws IOException {
    Map<Object, Long> inodes = new HashMap<>();
    for (HostEntry entry : entries) {
      run.counts().steps.increment();
      FileStatus status = run.volume().lstat(entry.path);
      String saw = text(status.typedMode(), status.uid(), status.gid(), status.mtimeNanos());
      String wanted = text(entry.typedMode, entry.uid, entry.gid, entry.mtimeNanos);
      if (!entry.is(DIRECTORY)) {
        saw += ",size=" + status.sizeBytes();
        wanted += ",size=" + entry.sizeBytes;
        Long first = inodes.putIfAbsent(entry.identity, status.ino());
        saw += ",ino=" + status.ino();
        wanted += ",ino=" + (first == null ? status.ino() : first);
      }
      if (entry.is(SYMLINK)) {
        saw += ",target=" + run.volume().readlink(entry.path);
        wanted += ",target=" + entry.target;
      }
      if (!saw.equals(wanted)) {
        differs(run, entry, status.ino(), Finding.NONE, saw, wanted);
      }
      if (entry.is(REGULAR)) {
        verifyContent(run, entry, status);
      }
      if (run.finding() != null) {
        return;
      }
    }
  }

  private static void verifyContent(SoakRun run, HostEntry entry, FileStatus status)
      throws IOException {
    if (status.blocks() > entry.blocksMax) {
      String wanted = "blocks:0.." + entry.blocksMax;
      differs(run, entry, status.ino(), Finding.NONE, "blocks:" + status.blocks(), wanted);
    }
    Digest content = new Digest();
    try (OpenFile file = run.volume().open(entry.path)) {
      long read = content.of((at, buffer) -> file.read(buffer, at));
      run.counts().bytesVerified.add(read);
    }
    if (!content.text().equals(entry.digest)) {
      long at = firstDifference(run.volume(), entry);
      differs(run, entry, status.ino(), at, "sha256:" + content.text(), "sha256:" + entry.digest);
    }
  }

  private static long firstDifference(Volume volume, HostEntry entry) throws IOException {
    byte[] mine = new byte[BUFFER_BYTES];
    byte[] hosts = new byte[BUFFER_BYTES];
    try (OpenFile file = volume.open(entry.path);
        FileChannel channel = FileChannel.open(entry.host)) {
      for (long at = 0; at < entry.sizeBytes; at += BUFFER_BYTES) {
        Arrays.fill(mine, (byte) 0);
        Arrays.fill(hosts, (byte) 0);
        ByteBuffer buffer = ByteBuffer.wrap(mine);
        file.read(buffer, at);
        readFully(channel, hosts, at);
        int mismatch = Arrays.mismatch(mine, hosts);
        if (mismatch >= 0) {
          return at + mismatch;
        }
      }
    }
    return entry.sizeBytes;
  }

  private static String text(int typedMode, int uid, int gid, long mtimeNanos) {
    return "mode="
        + Integer.toOctalString(typedMode)
        + ",owner="
        + uid
        + "/"
        + gid
        + ",mtime="
        + mtimeNanos;
  }

  private static void differs(SoakRun run, HostEntry entry, long offset, String saw)
      throws IOException {
    long ino = run.volume().lstat(entry.path).ino();
    differs(run, entry, ino, offset, saw, "the-host's-bytes");
  }

  private static void differs(
      SoakRun run, HostEntry entry, long ino, long offset, String saw, String wanted)
      throws IOException {
    FileTime now = Files.getLastModifiedTime(entry.host, LinkOption.NOFOLLOW_LINKS);
    if (now.to(TimeUnit.NANOSECONDS) != entry.mtimeNanos) {
      throw new ImpossibleException(entry.host + " was changed on the host while the soak ran");
    }
    run.report(
        new Finding(
            Finding.IMPORT_DIFFERS, ino, offset, entry.path + ":" + saw, wanted, Finding.NONE));
  }

  /** SHA-256 of a content and how many of its blocks are not all zeros. */
  private static final class Digest {
    private final MessageDigest sha;
    private long blocks;
    private @Nullable String text;

    Digest() {
      try {
        sha = MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException impossible) {
        throw new IllegalStateException("every JDK has SHA-256", impossible);
      }
    }

    @FunctionalInterface
    interface Source {
      int read(long at, ByteBuffer buffer) throws IOException;
    }

    /** Reads to the end and answers how much there was. */
    long of(Source source) throws IOException {
      byte[] array = new byte[BUFFER_BYTES];
      ByteBuffer buffer = ByteBuffer.wrap(array);
      long at = 0;
      while (true) {
        buffer.clear();
        while (buffer.hasRemaining()) {
          if (source.read(at + buffer.position(), buffer) < 0) {
            break;
          }
        }
        int count = buffer.position();
        sha.update(array, 0, count);
        for (int block = 0; block < count; block += BLOCK) {
          blocks += isZero(array, block, Math.min(BLOCK, count - block)) ? 0 : 1;
        }
        at += count;
        if (count < BUFFER_BYTES) {
          return at;
        }
      }
    }

    String text() {
      String known = text;
      if (known == null) {
        known = HexFormat.of().formatHex(sha.digest());
        text = known;
      }
      return known;
    }

    private static boolean isZero(byte[] bytes, int from, int length) {
      for (int i = from; i < from + length; i++) {
        if (bytes[i] != 0) {
          return false;
        }
      }
      return true;
    }
  }
}
