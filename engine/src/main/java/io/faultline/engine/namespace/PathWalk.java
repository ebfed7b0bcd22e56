package io.faultline.engine.namespace;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeTable;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One walk along a path, as path_resolution(7) describes it. A walk is not atomic, as in Linux:
 * each component is looked up in the tree of its moment. What it found may have changed when it
 * returns; who wants to change the tree looks again under the state locks.
 *
 * <p>Not thread-safe; one object for one attempt.
 */
final class PathWalk {
  /** MAXSYMLINKS: links followed in one walk. */
  private static final int LINKS_MAX = 40;

  private final NamespaceVolume volume;
  private final String operation;
  private final String path;
  private final boolean locking;
  private int links;

  /**
   * @param path for messages
   * @param locking look up each name under the state lock of its directory, where nothing is half
   *     published
   */
  PathWalk(NamespaceVolume volume, String operation, String path, boolean locking) {
    this.volume = volume;
    this.operation = operation;
    this.path = path;
    this.locking = locking;
  }

  /** What the last component of a path is. */
  enum LastKind {
    /** There is none: the path is the root. */
    ROOT,
    DOT,
    DOT_DOT,
    NAME
  }

  /**
   * The last component of a path, not looked up.
   *
   * @param dir the directory it is in
   */
  record Last(long dir, LastKind kind, String name) {}

  /**
   * Walks to the directory of the last component, following all symbolic links on the way.
   *
   * @param from where a relative path begins
   */
  Last last(long from, PathText text) throws FsException {
    List<String> rest = text.names();
    int at = 0;
    long dir = text.absolute() ? InodeTable.ROOT : from;
    while (at < rest.size() - 1) {
      String name = rest.get(at++);
      Inode step = found(new Last(dir, kindOf(name), name));
      switch (step) {
        case Inode.Directory next -> dir = next.ino();
        case Inode.Symlink link -> {
          PathText body = follow(link);
          if (body.absolute()) {
            dir = InodeTable.ROOT;
          }
          List<String> longer = new ArrayList<>(body.names());
          longer.addAll(rest.subList(at, rest.size()));
          rest = longer;
          at = 0;
        }
        case Inode.RegularFile file ->
            throw error(Errno.ENOTDIR, file.ino(), "'" + name + "' is no directory");
      }
    }
    String name = rest.isEmpty() ? "" : rest.get(at);
    return new Last(dir, kindOf(name), name);
  }

  private static LastKind kindOf(String name) {
    // By length first: nearly all names are longer, and a new string has no hash to switch on.
    return switch (name.length()) {
      case 0 -> LastKind.ROOT;
      case 1 -> name.equals(".") ? LastKind.DOT : LastKind.NAME;
      case 2 -> name.equals("..") ? LastKind.DOT_DOT : LastKind.NAME;
      default -> LastKind.NAME;
    };
  }

  /**
   * The inode a whole path leads to.
   *
   * @param followLast whether the last component is followed if it is a symbolic link; after a
   *     trailing slash it always is
   */
  Inode resolve(PathText path, boolean followLast) throws FsException {
    PathText text = path;
    long from = InodeTable.ROOT;
    boolean mustBeDirectory = text.trailingSlash();
    while (true) {
      Last last = last(from, text);
      Inode inode = found(last);
      if (!(inode instanceof Inode.Symlink link) || !(followLast || mustBeDirectory)) {
        if (mustBeDirectory && !(inode instanceof Inode.Directory)) {
          throw error(Errno.ENOTDIR, inode.ino(), "a trailing slash");
        }
        return inode;
      }
      text = follow(link);
      from = last.dir();
      mustBeDirectory |= text.trailingSlash();
    }
  }

  /** The content of a link that is to be followed; ELOOP when it is one too many. */
  PathText follow(Inode.Symlink link) throws FsException {
    if (++links > LINKS_MAX) {
      throw error(Errno.ELOOP, link.ino(), "more than " + LINKS_MAX + " links");
    }
    return PathText.ofLink(operation, link.target());
  }

  /** What the component leads to, without following it; ENOENT when there is nothing. */
  Inode found(Last last) throws FsException {
    Inode inode = child(last);
    if (inode == null) {
      throw error(Errno.ENOENT, last.dir(), "there is no '" + last.name() + "'");
    }
    return inode;
  }

  /** What the component leads to, without following it; null when there is nothing. */
  @Nullable Inode child(Last last) throws FsException {
    PathText.checkName(operation, last.name());
    if (!locking) {
      return childNow(last);
    }
    try (StateLocks _ = volume.lockStates(last.dir())) {
      return childNow(last);
    }
  }

  private @Nullable Inode childNow(Last last) throws FsException {
    InodeTable table = volume.table();
    Inode inode = table.get(last.dir());
    if (inode == null) {
      throw error(Errno.ENOENT, last.dir(), "the directory was removed");
    }
    if (!(inode instanceof Inode.Directory dir)) {
      throw error(Errno.ENOTDIR, last.dir(), "is no directory");
    }
    return switch (last.kind()) {
      case ROOT, DOT -> dir;
      case DOT_DOT -> table.get(dir.parent());
      case NAME -> {
        Long child = dir.entries().get(last.name());
        // An inode that is gone has lost this name after the directory was read.
        yield child == null ? null : table.get(child);
      }
    };
  }

  FsException error(Errno errno, long ino, String detail) {
    return new FsException(
        errno, operation, ino, FsException.NONE, FsException.NONE, path + ": " + detail);
  }
}
