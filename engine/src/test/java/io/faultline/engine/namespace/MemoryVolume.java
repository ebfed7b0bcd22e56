package io.faultline.engine.namespace;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.FileKind;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockRank;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * A volume that is only a table and a list of events, and a strict one: it refuses a batch whose
 * inodes are not exactly those the caller has locked, and a callback under a lock. An inode without
 * names is freed at once, so that stale numbers lead nowhere.
 */
final class MemoryVolume implements NamespaceVolume {
  private final InodeTable table = new InodeTable();
  private final Map<Long, ReentrantLock> locks = new ConcurrentHashMap<>();
  private final ThreadLocal<Set<Long>> held = ThreadLocal.withInitial(TreeSet::new);
  private final List<Event> journal = Collections.synchronizedList(new ArrayList<>());
  private final AtomicLong lsn = new AtomicLong();
  private final AtomicLong clock = new AtomicLong(1_000);

  /** Runs in the publishing thread after each event, while its locks are held. */
  volatile Consumer<Event> afterEvent = event -> {};

  /** Runs before state locks are taken. */
  volatile Runnable beforeLock = () -> {};

  volatile boolean readOnly;
  volatile boolean failPublish;

  MemoryVolume() {
    apply(Namespace.rootEvents(clock.get()));
  }

  private void apply(List<Event> batch) {
    for (Event event : batch) {
      table.apply(event);
      journal.add(event);
      afterEvent.accept(event);
    }
  }

  @Override
  public InodeTable table() {
    return table;
  }

  @Override
  public StateLocks lockStates(long... inos) {
    beforeLock.run();
    long[] order = Arrays.stream(inos).sorted().distinct().toArray();
    List<ReentrantLock> taken = new ArrayList<>();
    for (long ino : order) {
      LockOrder.check(LockRank.INODE_STATE, ino);
      ReentrantLock lock = locks.computeIfAbsent(ino, key -> new ReentrantLock());
      lock.lock();
      taken.add(lock);
      LockOrder.acquired(LockRank.INODE_STATE, ino);
      held.get().add(ino);
    }
    return () -> {
      for (long ino : order) {
        held.get().remove(ino);
        LockOrder.released(LockRank.INODE_STATE, ino);
      }
      taken.forEach(ReentrantLock::unlock);
    };
  }

  @Override
  public long publish(List<Event> batch) throws FsException {
    Set<Long> named = new TreeSet<>();
    batch.forEach(event -> named.add(event.ino()));
    assertThat(named).as("inodes named and locked by %s", batch).isEqualTo(held.get());
    requireWritable();
    if (failPublish) {
      throw new FsException(Errno.EIO, "publish", "failing");
    }
    apply(batch);
    return lsn.incrementAndGet();
  }

  @Override
  public long nowNanos() {
    return clock.incrementAndGet();
  }

  /** Every second inode counts as in use, so that its last name leaves it to the callback. */
  @Override
  public boolean unused(long ino) {
    assertThat(held.get()).contains(ino);
    return ino % 2 == 0;
  }

  @Override
  public void lastNameRemoved(long ino) {
    LockOrder.assertNone("lastNameRemoved");
    assertThat(held.get()).isEmpty();
    try (StateLocks _ = lockStates(ino)) {
      assertThat(inode(ino).attributes().nlink()).isZero();
      apply(List.of(new Event.Freed(ino, List.of())));
    }
  }

  @Override
  public void requireWritable() throws FsException {
    if (readOnly) {
      throw new FsException(Errno.EROFS, "write", "read-only");
    }
  }

  Inode inode(long ino) {
    Inode inode = table.get(ino);
    assertThat(inode).as("inode %s", ino).isNotNull();
    return inode;
  }

  List<Event> journal() {
    return List.copyOf(journal);
  }

  /**
   * While nothing runs: link counts are the names there are, every directory has one parent and
   * names it, everything is reachable, and a replay of all events gives the same table.
   */
  void checkConsistent() {
    Map<Long, Integer> names = new HashMap<>();
    Map<Long, Integer> subdirectories = new HashMap<>();
    for (Inode inode : table.all()) {
      if (inode instanceof Inode.Directory dir) {
        dir.entries().forEach((name, child) -> countName(dir, child, names, subdirectories));
      }
    }
    Set<Long> reachable = reachable();
    for (Inode inode : table.all()) {
      long ino = inode.ino();
      assertThat(reachable).as("inode %s is reachable", ino).contains(ino);
      int expected =
          inode instanceof Inode.Directory
              ? 2 + subdirectories.getOrDefault(ino, 0)
              : names.getOrDefault(ino, 0);
      assertThat(inode.attributes().nlink()).as("links of %s", ino).isEqualTo(expected);
      if (inode instanceof Inode.Directory && ino != InodeTable.ROOT) {
        assertThat(names).as("names of directory %s", ino).containsEntry(ino, 1);
      }
    }
    InodeTable replayed = new InodeTable();
    journal().forEach(replayed::apply);
    assertThat(replayed).isEqualTo(table);
  }

  private void countName(
      Inode.Directory dir, long child, Map<Long, Integer> names, Map<Long, Integer> dirs) {
    names.merge(child, 1, Integer::sum);
    if (inode(child) instanceof Inode.Directory below) {
      dirs.merge(dir.ino(), 1, Integer::sum);
      assertThat(below.parent()).as("parent of %s", child).isEqualTo(dir.ino());
    }
  }

  private Set<Long> reachable() {
    Set<Long> seen = new HashSet<>(Set.of(InodeTable.ROOT));
    Deque<Long> rest = new ArrayDeque<>(seen);
    while (!rest.isEmpty()) {
      if (inode(rest.remove()) instanceof Inode.Directory dir) {
        dir.entries().values().stream().filter(seen::add).forEach(rest::add);
      }
    }
    return seen;
  }

  /** One line per name, sorted: path, kind, links, and a number that tells inodes apart. */
  List<String> dump() {
    List<String> lines = new ArrayList<>();
    dump(InodeTable.ROOT, "", new HashMap<>(), lines);
    return lines;
  }

  private void dump(long ino, String path, Map<Long, Integer> seen, List<String> lines) {
    Inode inode = inode(ino);
    int identity = seen.computeIfAbsent(ino, key -> seen.size());
    String target = inode instanceof Inode.Symlink link ? " -> " + link.target() : "";
    FileKind kind = inode.kind();
    int links = inode.attributes().nlink();
    lines.add((path.isEmpty() ? "/" : path) + " " + kind + " " + links + " #" + identity + target);
    if (inode instanceof Inode.Directory dir) {
      dir.entries().forEach((name, child) -> dump(child, path + "/" + name, seen, lines));
    }
  }
}
