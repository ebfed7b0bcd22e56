package io.faultline.cli;

import io.faultline.Advice;
import io.faultline.AsyncOpenFile;
import io.faultline.AsyncVolume;
import io.faultline.DirectoryEntry;
import io.faultline.Errno;
import io.faultline.ErrnoException;
import io.faultline.FileExtent;
import io.faultline.FileKind;
import io.faultline.FileStatus;
import io.faultline.FsckReport;
import io.faultline.MappedView;
import io.faultline.OpenFile;
import io.faultline.Volume;
import io.faultline.VolumeStatus;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Just enough of a volume to see what verbs ask of one: names, sparse contents, attributes. For one
 * thread; follows a symbolic link only at the end of a path; what it cannot do it refuses.
 */
final class MemoryVolume implements Volume {
  private static final int BLOCK = 4096;

  private static final class Node {
    final long ino;
    final FileKind kind;
    final TreeMap<String, Node> entries = new TreeMap<>();
    final TreeMap<Long, byte[]> blocks = new TreeMap<>();
    String target = "";
    int mode;
    int uid;
    int gid;
    int nlink = 1;
    long size;
    long atime;
    long mtime;

    Node(long ino, FileKind kind, int mode) {
      this.ino = ino;
      this.kind = kind;
      this.mode = mode;
    }

    FileStatus status() {
      return new FileStatus(
          ino, kind, mode, uid, gid, nlink, size, blocks.size(), atime, mtime, 0, 0);
    }
  }

  private final Node root = new Node(1, FileKind.DIRECTORY, 0755);
  private long lastIno = 1;
  private long clock = 1_000;
  boolean open = true;
  int syncs;
  List<FsckReport.Finding> findings = List.of();
  List<FsckReport.Orphan> orphans = List.of();

  private static ErrnoException error(Errno errno, String operation, String path) {
    return new ErrnoException(errno, operation, path);
  }

  private @Nullable Node find(String path) throws IOException {
    Node at = root;
    for (String name : path.split("/", -1)) {
      if (name.isEmpty()) {
        continue;
      }
      if (at.kind != FileKind.DIRECTORY) {
        throw error(Errno.ENOTDIR, "lookup", path);
      }
      Node next = at.entries.get(name);
      if (next == null) {
        return null;
      }
      at = next;
    }
    return at;
  }

  private Node get(String path, boolean follow) throws IOException {
    Node node = find(path);
    if (node == null) {
      throw error(Errno.ENOENT, "lookup", path);
    }
    return follow && node.kind == FileKind.SYMLINK ? get(node.target, true) : node;
  }

  private Node parent(String path) throws IOException {
    int slash = path.lastIndexOf('/');
    return get(slash <= 0 ? "/" : path.substring(0, slash), true);
  }

  private static String name(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private void put(String path, Node node) throws IOException {
    if (find(path) != null) {
      throw error(Errno.EEXIST, "create", path);
    }
    Node directory = parent(path);
    directory.entries.put(name(path), node);
    directory.mtime = clock++;
  }

  @Override
  public OpenFile open(String path, OpenOption... options) throws IOException {
    Set<OpenOption> asked = Set.of(options);
    boolean write =
        asked.contains(StandardOpenOption.WRITE) || asked.contains(StandardOpenOption.APPEND);
    if (write
        && (asked.contains(StandardOpenOption.CREATE_NEW)
            || (asked.contains(StandardOpenOption.CREATE) && find(path) == null))) {
      create(path, 0644);
    }
    Node node = get(path, true);
    if (write && node.kind == FileKind.DIRECTORY) {
      throw error(Errno.EISDIR, "open", path);
    }
    MemoryFile file = new MemoryFile(node);
    if (write && asked.contains(StandardOpenOption.TRUNCATE_EXISTING)) {
      file.truncate(0);
    }
    return file;
  }

  @Override
  public void create(String path, int mode) throws IOException {
    put(path, new Node(++lastIno, FileKind.REGULAR, mode));
  }

  @Override
  public void mkdir(String path, int mode) throws IOException {
    put(path, new Node(++lastIno, FileKind.DIRECTORY, mode));
  }

  @Override
  public void unlink(String path) throws IOException {
    Node node = get(path, false);
    if (node.kind == FileKind.DIRECTORY) {
      throw error(Errno.EISDIR, "unlink", path);
    }
    node.nlink--;
    parent(path).entries.remove(name(path));
  }

  @Override
  public void rmdir(String path) throws IOException {
    if (!get(path, false).entries.isEmpty()) {
      throw error(Errno.ENOTEMPTY, "rmdir", path);
    }
    parent(path).entries.remove(name(path));
  }

  @Override
  public void rename(String from, String to) throws IOException {
    Node node = get(from, false);
    parent(to).entries.put(name(to), node);
    parent(from).entries.remove(name(from));
  }

  @Override
  public void link(String existing, String newPath) throws IOException {
    Node node = get(existing, false);
    put(newPath, node);
    node.nlink++;
  }

  @Override
  public void symlink(String target, String path) throws IOException {
    Node node = new Node(++lastIno, FileKind.SYMLINK, 0777);
    node.target = target;
    put(path, node);
  }

  @Override
  public String readlink(String path) throws IOException {
    return get(path, false).target;
  }

  @Override
  public FileStatus stat(String path) throws IOException {
    return get(path, true).status();
  }

  @Override
  public FileStatus lstat(String path) throws IOException {
    return get(path, false).status();
  }

  @Override
  public List<DirectoryEntry> list(String path) throws IOException {
    Node node = get(path, true);
    if (node.kind != FileKind.DIRECTORY) {
      throw error(Errno.ENOTDIR, "list", path);
    }
    return node.entries.entrySet().stream()
        .map(e -> new DirectoryEntry(e.getKey(), e.getValue().ino, e.getValue().kind))
        .toList();
  }

  @Override
  public void setMode(String path, int mode) throws IOException {
    get(path, true).mode = mode;
  }

  @Override
  public void setOwner(String path, int uid, int gid) throws IOException {
    own(get(path, true), uid, gid);
  }

  @Override
  public void setLinkOwner(String path, int uid, int gid) throws IOException {
    own(get(path, false), uid, gid);
  }

  private static void own(Node node, int uid, int gid) {
    node.uid = uid == -1 ? node.uid : uid;
    node.gid = gid == -1 ? node.gid : gid;
  }

  @Override
  public void setTimes(String path, long atimeNanos, long mtimeNanos) throws IOException {
    time(get(path, true), atimeNanos, mtimeNanos);
  }

  @Override
  public void setLinkTimes(String path, long atimeNanos, long mtimeNanos) throws IOException {
    time(get(path, false), atimeNanos, mtimeNanos);
  }

  private static void time(Node node, long atimeNanos, long mtimeNanos) {
    node.atime = atimeNanos;
    node.mtime = mtimeNanos;
  }

  @Override
  public void sync() {
    syncs++;
  }

  @Override
  public VolumeStatus status() {
    return new VolumeStatus(
        "memory", "ext4", "mapping-lock", false, 1, 7, 256, 256, 0, 0, lastIno, 0, 0, 0);
  }

  @Override
  public FsckReport fsck() {
    return new FsckReport(lastIno, 9, 7, findings, 0, orphans);
  }

  @Override
  public void dropCaches() {}

  @Override
  public Map<String, Long> metrics() {
    return Map.of();
  }

  @Override
  public AsyncVolume async() {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public void close() {
    open = false;
  }

  private final class MemoryFile implements OpenFile {
    private final Node node;

    MemoryFile(Node node) {
      this.node = node;
    }

    private ErrnoException refused(Errno errno, String operation, long offset, long length) {
      return new ErrnoException(errno, operation, node.ino, offset, length, "");
    }

    @Override
    public int readWhole(ByteBuffer target, long position) throws IOException {
      return read(target, position);
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
      if (position < 0) {
        throw refused(Errno.EINVAL, "read", position, target.remaining());
      }
      if (position >= node.size) {
        return -1;
      }
      int length = (int) Math.min(target.remaining(), node.size - position);
      for (int i = 0; i < length; i++) {
        byte[] block = node.blocks.get((position + i) / BLOCK);
        target.put(block == null ? 0 : block[(int) ((position + i) % BLOCK)]);
      }
      return length;
    }

    @Override
    public int write(ByteBuffer source, long position) throws IOException {
      if (position < 0) {
        throw refused(Errno.EINVAL, "write", position, source.remaining());
      }
      int length = source.remaining();
      for (int i = 0; i < length; i++) {
        node.blocks
                .computeIfAbsent((position + i) / BLOCK, b -> new byte[BLOCK])[
                (int) ((position + i) % BLOCK)] =
            source.get();
      }
      node.size = Math.max(node.size, position + length);
      node.mtime = clock++;
      return length;
    }

    @Override
    public long append(ByteBuffer source) throws IOException {
      long at = node.size;
      write(source, at);
      return at;
    }

    @Override
    public long size() {
      return node.size;
    }

    @Override
    public void truncate(long sizeBytes) throws IOException {
      if (sizeBytes < 0) {
        throw refused(Errno.EINVAL, "truncate", sizeBytes, ErrnoException.NONE);
      }
      zero(sizeBytes, Math.max(node.size, sizeBytes));
      node.size = sizeBytes;
    }

    @Override
    public void punchHole(long offset, long length) throws IOException {
      if (offset < 0 || length < 1) {
        throw refused(Errno.EINVAL, "punch", offset, length);
      }
      zero(offset, offset + length);
    }

    private void zero(long from, long to) {
      Iterator<Map.Entry<Long, byte[]>> mapped = node.blocks.entrySet().iterator();
      while (mapped.hasNext()) {
        Map.Entry<Long, byte[]> block = mapped.next();
        long first = block.getKey() * BLOCK;
        long start = Math.max(from, first);
        long end = Math.min(to, first + BLOCK);
        if (start == first && start < end && (end == first + BLOCK || end >= node.size)) {
          mapped.remove();
        } else if (start < end) {
          Arrays.fill(block.getValue(), (int) (start - first), (int) (end - first), (byte) 0);
        }
      }
    }

    @Override
    public void zeroRange(long offset, long length, boolean keepSize) throws IOException {
      throw refused(Errno.EOPNOTSUPP, "zero", offset, length);
    }

    @Override
    public void allocate(long offset, long length, boolean keepSize) throws IOException {
      throw refused(Errno.EOPNOTSUPP, keepSize ? "allocate-keep" : "allocate", offset, length);
    }

    @Override
    public void collapseRange(long offset, long length) throws IOException {
      throw refused(Errno.EOPNOTSUPP, "collapse", offset, length);
    }

    @Override
    public void insertRange(long offset, long length) throws IOException {
      throw refused(Errno.EOPNOTSUPP, "insert", offset, length);
    }

    @Override
    public void cloneRange(OpenFile source, long sourceOffset, long offset, long length)
        throws IOException {
      throw refused(Errno.EOPNOTSUPP, "clone", offset, length);
    }

    @Override
    public long dedupeRange(OpenFile source, long sourceOffset, long offset, long length)
        throws IOException {
      throw refused(Errno.EOPNOTSUPP, "dedupe", offset, length);
    }

    @Override
    public long seekData(long offset) throws IOException {
      if (offset >= 0 && offset < node.size) {
        Long block = node.blocks.ceilingKey(offset / BLOCK);
        if (block != null) {
          return Math.max(offset, block * BLOCK);
        }
      }
      throw refused(Errno.ENXIO, "seek-data", offset, ErrnoException.NONE);
    }

    @Override
    public long seekHole(long offset) throws IOException {
      if (offset < 0 || offset >= node.size) {
        throw refused(Errno.ENXIO, "seek-hole", offset, ErrnoException.NONE);
      }
      long block = offset / BLOCK;
      while (node.blocks.containsKey(block)) {
        block++;
      }
      return Math.min(node.size, Math.max(offset, block * BLOCK));
    }

    @Override
    public List<FileExtent> extents() {
      List<FileExtent> extents = new ArrayList<>();
      for (long block : new TreeSet<>(node.blocks.keySet())) {
        long offset = block * BLOCK;
        if (!extents.isEmpty() && extents.getLast().end() == offset) {
          FileExtent last = extents.removeLast();
          extents.add(new FileExtent(last.offset(), last.length() + BLOCK, last.state()));
        } else {
          extents.add(new FileExtent(offset, BLOCK, FileExtent.State.DATA));
        }
      }
      return extents;
    }

    @Override
    public void advise(long offset, long length, Advice advice) {}

    @Override
    public MappedView map(long offset, long length) throws IOException {
      throw refused(Errno.EOPNOTSUPP, "map", offset, length);
    }

    @Override
    public FileStatus status() {
      return node.status();
    }

    @Override
    public void sync() {
      syncs++;
    }

    @Override
    public void dataSync() {
      syncs++;
    }

    @Override
    public AsyncOpenFile async() {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean isOpen() {
      return open;
    }

    @Override
    public void close() {}
  }
}
