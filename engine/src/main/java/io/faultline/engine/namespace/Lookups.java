package io.faultline.engine.namespace;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Lock-free looks at the tree that can be believed (rule R16): an answer that a rename may have
 * disturbed is not given, the look is repeated. After a bounded number of repetitions names are
 * looked up under state locks, so that a storm of renames delays a lookup but never starves it.
 *
 * <p>Safe for use by many threads. Takes state locks only in that last resort, one at a time; a
 * caller may hold the rename lock and nothing inside it.
 */
final class Lookups {
  /** Lock-free attempts; a rename is a handful of map updates, so the second mostly is quiet. */
  private static final int ATTEMPTS_MAX = 16;

  private final NamespaceVolume volume;
  private final RenameSequence sequence;
  private final boolean retry;

  /**
   * @param retry false only in a mutant: then an error is believed at once
   */
  Lookups(NamespaceVolume volume, RenameSequence sequence, boolean retry) {
    this.volume = volume;
    this.sequence = sequence;
    this.retry = retry;
  }

  /** What is to be found out by walking; may run several times. */
  interface Question<T> {
    T ask(PathWalk walk) throws FsException;
  }

  /** The answer of {@code question}; it fails only if no rename made it fail. */
  <T> T settled(String operation, String path, Question<T> question) throws FsException {
    for (int i = 0; i < ATTEMPTS_MAX; i++) {
      long start = sequence.read();
      try {
        return question.ask(new PathWalk(volume, operation, path, false));
      } catch (FsException e) {
        if (!retry || sequence.unmoved(start)) {
          throw e;
        }
      }
      Yield.at(YieldPoint.SPIN);
    }
    return question.ask(new PathWalk(volume, operation, path, true));
  }

  /**
   * The first {@code limit} entries of a directory whose names come after {@code after}, as of one
   * moment between two operations.
   *
   * @param after null for the beginning
   * @return null when the directory is gone; whoever got here by a path must ask the path again,
   *     because a rename may have put another directory there
   */
  @Nullable List<Entry> entries(long dir, @Nullable String after, int limit) throws FsException {
    for (int i = 0; i < ATTEMPTS_MAX; i++) {
      long start = sequence.read();
      Inode.Directory now = directory(dir);
      if (now == null) {
        return null;
      }
      if (sequence.unmoved(start)) {
        List<Entry> entries = named(now, after, limit);
        if (entries != null) {
          return entries;
        }
      }
      Yield.at(YieldPoint.SPIN);
    }
    // Under the lock no name leaves the directory, so no inode it names can go.
    try (StateLocks _ = volume.lockStates(dir)) {
      Inode.Directory now = directory(dir);
      if (now == null) {
        return null;
      }
      List<Entry> entries = named(now, after, limit);
      if (entries == null) {
        throw new FsException(
            Errno.EUCLEAN, "readdir", "a name in directory " + dir + " leads nowhere");
      }
      return entries;
    }
  }

  private Inode.@Nullable Directory directory(long ino) throws FsException {
    return switch (volume.table().get(ino)) {
      case null -> null;
      case Inode.Directory dir -> dir;
      case Inode.RegularFile _, Inode.Symlink _ ->
          throw new FsException(Errno.ENOTDIR, "readdir", "is no directory, ino=" + ino);
    };
  }

  /** Null when an inode has gone, and so the directory has changed, since it was read. */
  private @Nullable List<Entry> named(Inode.Directory dir, @Nullable String after, int limit) {
    Map<String, Long> names = after == null ? dir.entries() : dir.entries().tailMap(after, false);
    List<Entry> entries = new ArrayList<>();
    for (Map.Entry<String, Long> name : names.entrySet()) {
      if (entries.size() == limit) {
        break;
      }
      Inode inode = volume.table().get(name.getValue());
      if (inode == null) {
        return null;
      }
      entries.add(new Entry(name.getKey(), inode.ino(), inode.kind()));
    }
    return entries;
  }
}
