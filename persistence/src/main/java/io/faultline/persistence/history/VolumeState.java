package io.faultline.persistence.history;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeApply;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.inode.Inodes;
import io.faultline.engine.journal.Tx;
import io.faultline.persistence.checkpoint.CheckpointImage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/**
 * The evented state of a volume between two transactions, as a value: {@link #apply} gives the next
 * one and shares all it did not change. The change of each inode is {@link InodeApply}'s, as in a
 * live volume (decision D3). Immutable; safe for use by many threads.
 */
public final class VolumeState implements Inodes {
  /** Before the first transaction. */
  public static final VolumeState EMPTY = new VolumeState(CheckpointImage.NONE);

  /** As Linux allows. */
  private static final int SYMLINKS_MAX = 40;

  private static final String BY_NUMBER = "ino:";

  private final InodeMap inodes;

  /** Those asked for last: whoever asks for some of them once more has them at once. */
  private @Nullable NameIndex lastNames;

  private VolumeState(InodeMap inodes) {
    this.inodes = inodes;
  }

  /** The state that a checkpoint holds. */
  VolumeState(CheckpointImage stored) {
    this(new InodeMap(stored));
  }

  /**
   * The state behind {@code tx}.
   *
   * @throws InodeApply.MismatchException an event does not fit
   */
  public VolumeState apply(Tx tx) {
    if (tx.events().size() == 1) {
      Event event = tx.events().getFirst();
      long ino = event.ino();
      return new VolumeState(inodes.with(ino, InodeApply.apply(inodes.get(ino), event)));
    }
    // Most transactions touch an inode several times: the map takes only the last.
    Map<Long, @Nullable Inode> after = new HashMap<>();
    for (Event event : tx.events()) {
      long ino = event.ino();
      Inode before = after.containsKey(ino) ? after.get(ino) : inodes.get(ino);
      after.put(ino, InodeApply.apply(before, event));
    }
    InodeMap out = inodes;
    for (Map.Entry<Long, @Nullable Inode> each : after.entrySet()) {
      out = out.with(each.getKey(), each.getValue());
    }
    return new VolumeState(out);
  }

  @Override
  public @Nullable Inode get(long ino) {
    return inodes.get(ino);
  }

  @Override
  public int size() {
    return inodes.size();
  }

  @Override
  public List<Inode> all() {
    return inodes.all();
  }

  /** The names of everything; the caller's own, to follow events with. */
  public NameIndex names() {
    return NameIndex.of(inodes);
  }

  /** The names of {@code inos} and of the directories above them; of no other inode. */
  public synchronized NameIndex names(Collection<Long> inos) {
    if (lastNames == null || !lastNames.covers(inos)) {
      lastNames = NameIndex.of(inodes, inos);
    }
    return lastNames;
  }

  /** The numbers of the inodes that are not the same in both. */
  static SortedSet<Long> differing(VolumeState one, VolumeState other) {
    return InodeMap.differing(one.inodes, other.inodes);
  }

  /**
   * The inode that a word of a command names: an absolute path, or {@code ino:N}. Symbolic links
   * are followed inside a path, never at its end.
   *
   * @throws FsException ENOENT, ENOTDIR, ELOOP as a lookup gives them; EINVAL for another word
   */
  public Inode find(String word) throws FsException {
    if (word.startsWith(BY_NUMBER)) {
      long ino = number(word);
      Inode inode = get(ino);
      if (inode == null) {
        throw new FsException(Errno.ENOENT, "lookup", "there is no inode " + ino);
      }
      return inode;
    }
    if (!word.startsWith("/")) {
      throw new FsException(
          Errno.EINVAL, "lookup", "'" + word + "' is neither an absolute path nor ino:N");
    }
    return walk(word);
  }

  private static long number(String word) throws FsException {
    try {
      return Long.parseLong(word.substring(BY_NUMBER.length()));
    } catch (NumberFormatException e) {
      throw new FsException(
          Errno.EINVAL, "lookup", FsException.NONE, "'" + word + "' is not ino:N", e);
    }
  }

  private Inode walk(String path) throws FsException {
    Deque<String> todo = new ArrayDeque<>(components(path));
    Inode here = existing(InodeTable.ROOT, path);
    int links = 0;
    while (!todo.isEmpty()) {
      String name = todo.removeFirst();
      if (!(here instanceof Inode.Directory dir)) {
        throw new FsException(
            Errno.ENOTDIR, "lookup", path + ": what leads to '" + name + "' is no directory");
      }
      if (name.equals("..")) {
        here = existing(dir.parent(), path);
        continue;
      }
      Long child = dir.entries().get(name);
      if (child == null) {
        throw new FsException(Errno.ENOENT, "lookup", path + ": there is no '" + name + "'");
      }
      Inode next = existing(child, path);
      if (next instanceof Inode.Symlink link && !todo.isEmpty()) {
        if (++links > SYMLINKS_MAX) {
          throw new FsException(Errno.ELOOP, "lookup", path + ": too many symbolic links");
        }
        List<String> target = components(link.target());
        target.reversed().forEach(todo::addFirst);
        here = link.target().startsWith("/") ? existing(InodeTable.ROOT, path) : dir;
      } else {
        here = next;
      }
    }
    return here;
  }

  private Inode existing(long ino, String path) throws FsException {
    Inode inode = get(ino);
    if (inode == null) {
      throw new FsException(Errno.ENOENT, "lookup", path + ": there is no inode " + ino);
    }
    return inode;
  }

  static List<String> components(String path) {
    List<String> names = new ArrayList<>();
    for (String name : path.split("/", -1)) {
      if (!name.isEmpty() && !name.equals(".")) {
        names.add(name);
      }
    }
    return names;
  }

  /** States are equal if they hold equal inodes. */
  @Override
  public boolean equals(Object o) {
    return o instanceof VolumeState other && all().equals(other.all());
  }

  @Override
  public int hashCode() {
    return all().hashCode();
  }
}
