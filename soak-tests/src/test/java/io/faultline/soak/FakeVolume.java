package io.faultline.soak;

import io.faultline.DirectoryEntry;
import io.faultline.Errno;
import io.faultline.ErrnoException;
import io.faultline.FileKind;
import io.faultline.FileStatus;
import io.faultline.FsckReport;
import io.faultline.OpenFile;
import io.faultline.Volume;
import io.faultline.VolumeStatus;
import io.faultline.soak.FakeVolumes.Fault;
import io.faultline.soak.model.ModelFilesystem;
import io.faultline.soak.model.Outcome;
import io.faultline.soak.model.Stat;
import io.faultline.tree.VolumePaths;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * A volume in memory: names are a model filesystem's, contents a {@link FakeFile.Content} each, all
 * under one lock. Methods of {@link Volume} that are not here are refused.
 */
public final class FakeVolume {
  private static final int PERMISSIONS = 07777;

  /** What stays when a volume is closed. */
  static final class Disk {
    final ModelFilesystem names = new ModelFilesystem();
    final Map<Long, Node> nodes = new HashMap<>();

    Node node(long ino) {
      return nodes.computeIfAbsent(ino, number -> new Node());
    }
  }

  /** What the model does not know of an inode. */
  static final class Node {
    final FakeFile.Content content = new FakeFile.Content();
    int mode = -1;
    int uid;
    int gid;
    long mtime;
  }

  private final Disk disk;
  private final Fault fault;
  private final LongAdder changes = new LongAdder();
  private boolean open = true;

  private FakeVolume(Disk disk, Fault fault) {
    this.disk = disk;
    this.fault = fault;
  }

  static Volume on(Disk disk, Fault fault) {
    FakeVolume fake = new FakeVolume(disk, fault);
    return (Volume)
        Proxy.newProxyInstance(
            FakeVolume.class.getClassLoader(),
            new Class<?>[] {Volume.class},
            (proxy, method, arguments) -> fake.call(proxy, method, arguments));
  }

  private Object call(Object proxy, Method method, Object[] arguments) throws Throwable {
    if (method.isDefault()) {
      return InvocationHandler.invokeDefault(proxy, method, arguments);
    }
    try {
      synchronized (disk) {
        return FakeVolume.class
            .getMethod(method.getName(), method.getParameterTypes())
            .invoke(this, arguments);
      }
    } catch (InvocationTargetException failure) {
      throw failure.getCause();
    } catch (NoSuchMethodException absent) {
      throw new UnsupportedOperationException(method.getName(), absent);
    }
  }

  private static <T> T answer(String operation, String path, Outcome<T> outcome)
      throws ErrnoException {
    return switch (outcome) {
      case Outcome.Ok<T> ok -> ok.value();
      case Outcome.Err<T> refused ->
          throw new ErrnoException(Errno.valueOf(refused.errno()), operation, path);
    };
  }

  public OpenFile open(String path, OpenOption... options) throws IOException {
    List<OpenOption> asked = List.of(options);
    if (asked.contains(StandardOpenOption.CREATE_NEW)) {
      create(path, 0644);
    }
    long ino = answer("open", path, disk.names.stat(path)).inode();
    return FakeFile.on(ino, disk.node(ino).content, fault, changes);
  }

  public void create(String path, int mode) throws IOException {
    answer("create", path, disk.names.create(path));
    setMode(path, mode);
  }

  public void mkdir(String path, int mode) throws IOException {
    answer("mkdir", path, disk.names.mkdir(path));
    setMode(path, mode);
  }

  public void unlink(String path) throws IOException {
    answer("unlink", path, disk.names.unlink(path));
  }

  public void rmdir(String path) throws IOException {
    answer("rmdir", path, disk.names.rmdir(path));
  }

  public void rename(String from, String to) throws IOException {
    if (fault != Fault.LOSES_RENAMES) {
      answer("rename", from, disk.names.rename(from, to));
    }
  }

  public void link(String existing, String path) throws IOException {
    answer("link", existing, disk.names.link(existing, path));
  }

  public void symlink(String target, String path) throws IOException {
    answer("symlink", path, disk.names.symlink(target, path));
  }

  public String readlink(String path) throws IOException {
    return answer("readlink", path, disk.names.readlink(path));
  }

  public FileStatus stat(String path) throws IOException {
    return status(answer("stat", path, disk.names.stat(path)));
  }

  public FileStatus lstat(String path) throws IOException {
    return status(answer("lstat", path, disk.names.linkStat(path)));
  }

  private FileStatus status(Stat stat) {
    Node node = disk.node(stat.inode());
    FileKind kind = kind(stat);
    return new FileStatus(
        stat.inode(),
        kind,
        node.mode < 0 ? stat.mode() & PERMISSIONS : node.mode,
        node.uid,
        node.gid,
        stat.links(),
        kind == FileKind.REGULAR ? node.content.size() : stat.sizeBytes(),
        0,
        0,
        node.mtime,
        0,
        0);
  }

  private static FileKind kind(Stat stat) {
    return switch (stat.mode() & Stat.TYPE_MASK) {
      case Stat.DIRECTORY -> FileKind.DIRECTORY;
      case Stat.SYMLINK -> FileKind.SYMLINK;
      default -> FileKind.REGULAR;
    };
  }

  public List<DirectoryEntry> list(String path) throws IOException {
    List<DirectoryEntry> found = new ArrayList<>();
    for (String name : answer("list", path, disk.names.list(path))) {
      FileStatus status = lstat(VolumePaths.child(path, name));
      found.add(new DirectoryEntry(name, status.ino(), status.kind()));
    }
    return found;
  }

  private Node there(String path) throws IOException {
    return disk.node(stat(path).ino());
  }

  public void setMode(String path, int mode) throws IOException {
    there(path).mode = mode;
  }

  public void setOwner(String path, int uid, int gid) throws IOException {
    there(path).uid = uid;
    there(path).gid = gid;
  }

  public void setLinkOwner(String path, int uid, int gid) throws IOException {
    disk.node(lstat(path).ino()).uid = uid;
    disk.node(lstat(path).ino()).gid = gid;
  }

  public void setTimes(String path, long atimeNanos, long mtimeNanos) throws IOException {
    there(path).mtime = fault == Fault.LOSES_TIMES ? 1 : mtimeNanos;
  }

  public void setLinkTimes(String path, long atimeNanos, long mtimeNanos) throws IOException {
    disk.node(lstat(path).ino()).mtime = mtimeNanos;
  }

  public void sync() {}

  public void dropCaches() {}

  public VolumeStatus status() {
    long inodes = 1 + disk.names.tree().values().stream().mapToLong(Stat::inode).distinct().count();
    return new VolumeStatus("fake", "ext4", "none", false, 1, 1, 1 << 20, 0, 0, 0, inodes, 1, 0, 0);
  }

  public FsckReport fsck() {
    List<FsckReport.Finding> findings =
        fault == Fault.UNCLEAN
            ? List.of(
                new FsckReport.Finding("block-twice", 12, "", 4096, 4096, "two owners", "one", 5))
            : List.of();
    return new FsckReport(1, 1, 5, findings);
  }

  public Map<String, Long> metrics() {
    return Map.of("mappingChanges", changes.sum(), "evictions", 1L, "fillsMetDestroyer", 2L);
  }

  public boolean isOpen() {
    return open;
  }

  public void close() {
    open = false;
  }
}
