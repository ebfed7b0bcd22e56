package io.faultline.engine.namespace;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.Attributes;
import io.faultline.engine.inode.Decide;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.FileKind;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.namespace.PathWalk.Last;
import io.faultline.engine.namespace.PathWalk.LastKind;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The tree of a volume. Every operation runs in the caller's thread and is visible to all others
 * when it returns; it is durable when the transaction that carries it is.
 *
 * <p>Paths are absolute and separated by slashes: at most 4095 bytes of UTF-8, names at most 255.
 * {@code .} and {@code ..} are understood, a trailing slash asks for a directory, at most 40
 * symbolic links are followed. Errors are {@link FsException}s with the errno of the system call of
 * the same name on Linux with ext4, checked in the kernel's order; on each path operation also
 * ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG and EINVAL (NUL, half a surrogate pair, relative path), on
 * each change EROFS.
 *
 * <p>Locking: lookups take nothing (see {@link Lookups} for the exception). A change looks first
 * without locks, takes the state locks of all inodes it will name, ascending, looks again, and
 * starts over when what it found has changed; it starts over only because another operation has
 * succeeded. The caller holds no lock of rank {@code INODE_STATE} or inside it, and for {@link
 * #rename} none at all. Safe for use by many threads.
 */
public final class Namespace {
  /** EXT4_LINK_MAX. Directories are not bound by it, as with ext4's dir_nlink. */
  public static final int LINKS_MAX = 65000;

  private static final int PERMISSIONS = 07777;
  private static final int SET_UID = 04000;
  private static final int SET_GID = 02000;
  private static final int GROUP_EXECUTE = 00010;

  private final NamespaceVolume volume;
  private final Lookups lookups;
  private final Rename rename;
  private final Set<Mutant> mutants;

  public Namespace(NamespaceVolume volume) {
    this(volume, EnumSet.noneOf(Mutant.class));
  }

  Namespace(NamespaceVolume volume, Set<Mutant> mutants) {
    this.volume = volume;
    this.mutants = mutants;
    RenameSequence sequence = new RenameSequence();
    this.lookups = new Lookups(volume, sequence, !mutants.contains(Mutant.NO_SEQUENCE_RETRY));
    this.rename = new Rename(volume, lookups, sequence, mutants);
  }

  /**
   * What {@link #create} found or made.
   *
   * @param created false when the file existed
   */
  public record Opened(long ino, boolean created) {}

  /** What mkfs journals: the root directory, its own parent, mode 0755. */
  public static List<Event> rootEvents(long timeNanos) {
    return List.of(
        new Event.Created(
            InodeTable.ROOT, FileKind.DIRECTORY, 0755, 0, 0, InodeTable.ROOT, "", timeNanos));
  }

  /**
   * The inode a path leads to.
   *
   * @param followLast whether a symbolic link at the end is followed, as stat(2) does and lstat(2)
   *     does not
   */
  public long resolve(String path, boolean followLast) throws FsException {
    return resolved("resolve", path, followLast).ino();
  }

  /**
   * stat(2), or lstat(2) without {@code followLast}: the evented state at one moment. The size
   * users see lies beside it (rule R3).
   */
  public Inode stat(String path, boolean followLast) throws FsException {
    return resolved("stat", path, followLast);
  }

  private Inode resolved(String operation, String path, boolean followLast) throws FsException {
    PathText text = PathText.ofPath(operation, path);
    return lookups.settled(operation, path, walk -> walk.resolve(text, followLast));
  }

  /**
   * The inode one name in one directory leads to, not followed.
   *
   * @throws FsException ENOENT, ENOTDIR, ENAMETOOLONG; EINVAL when {@code name} has a slash
   */
  public long lookup(long dir, String name) throws FsException {
    String operation = "lookup";
    PathText text = PathText.ofLink(operation, name);
    if (text.names().size() != 1 || !text.names().getFirst().equals(name)) {
      throw new FsException(Errno.EINVAL, operation, "not one name: " + name);
    }
    return lookups.settled(operation, name, walk -> walk.found(walk.last(dir, text)).ino());
  }

  /** readlink(2): the content of a symbolic link; EINVAL when it is none. */
  public String readlink(String path) throws FsException {
    if (resolved("readlink", path, false) instanceof Inode.Symlink link) {
      return link.target();
    }
    throw new FsException(Errno.EINVAL, "readlink", path + ": is no symbolic link");
  }

  /** All entries of a directory, by name, without {@code .} and {@code ..}, as of one moment. */
  public List<Entry> list(String path) throws FsException {
    return entries(path, null, Integer.MAX_VALUE);
  }

  /**
   * The next entries of a directory, by name, as of one moment.
   *
   * @param afterName return names behind this one, which need not exist; empty for the first ones
   * @param limit how many at most, at least 1
   */
  public List<Entry> list(String path, String afterName, int limit) throws FsException {
    if (limit < 1) {
      throw new FsException(Errno.EINVAL, "readdir", "limit " + limit);
    }
    return entries(path, afterName.isEmpty() ? null : afterName, limit);
  }

  private List<Entry> entries(String path, @Nullable String after, int limit) throws FsException {
    while (true) {
      List<Entry> entries = lookups.entries(resolved("readdir", path, true).ino(), after, limit);
      if (entries != null) {
        return entries;
      }
    }
  }

  /**
   * open(2) with O_CREAT, and O_EXCL if {@code exclusive}: the regular file at {@code path}, made
   * if it is not there. A symbolic link at the end is followed, and its missing target made.
   *
   * @param mode permission bits of a new file; nothing is masked from them
   * @throws FsException EEXIST if {@code exclusive} and there is anything; EISDIR
   */
  public Opened create(String path, int mode, boolean exclusive) throws FsException {
    String operation = "create";
    PathText text = PathText.ofPath(operation, path);
    long ino = FsException.NONE;
    while (true) {
      OpenTarget target =
          lookups.settled(operation, path, walk -> openTarget(walk, text, exclusive));
      if (target.existing() != null) {
        return new Opened(target.existing(), false);
      }
      ino = ino == FsException.NONE ? volume.table().takeNumber() : ino;
      if (addNew(target.last(), ino, FileKind.REGULAR, mode, "")) {
        return new Opened(ino, true);
      }
    }
  }

  private record OpenTarget(Last last, @Nullable Long existing) {}

  private OpenTarget openTarget(PathWalk walk, PathText path, boolean exclusive)
      throws FsException {
    PathText text = path;
    long from = InodeTable.ROOT;
    while (true) {
      Last last = walk.last(from, text);
      if (last.kind() != LastKind.NAME) {
        throw walk.error(exclusive ? Errno.EEXIST : Errno.EISDIR, last.dir(), "is a directory");
      }
      if (text.trailingSlash()) {
        throw walk.error(Errno.EISDIR, last.dir(), "a trailing slash");
      }
      Inode inode = walk.child(last);
      if (inode == null) {
        volume.requireWritable();
        return new OpenTarget(last, null);
      }
      if (exclusive) {
        throw walk.error(Errno.EEXIST, inode.ino(), "exists");
      }
      switch (inode) {
        case Inode.RegularFile file -> {
          return new OpenTarget(last, file.ino());
        }
        case Inode.Directory dir -> throw walk.error(Errno.EISDIR, dir.ino(), "is a directory");
        case Inode.Symlink link -> {
          text = walk.follow(link);
          from = last.dir();
        }
      }
    }
  }

  /**
   * mkdir(2).
   *
   * @param mode permission bits; nothing is masked from them
   * @return the new inode
   * @throws FsException EEXIST, whatever there is
   */
  public long mkdir(String path, int mode) throws FsException {
    return makeNew("mkdir", path, FileKind.DIRECTORY, mode, "");
  }

  /**
   * symlink(2).
   *
   * @param target 1 to 4095 bytes; need not lead anywhere
   * @return the new inode
   * @throws FsException EEXIST; ENOENT for an empty target, ENAMETOOLONG for a long one
   */
  public long symlink(String target, String path) throws FsException {
    String operation = "symlink";
    PathText.checkLink(operation, target);
    return makeNew(operation, path, FileKind.SYMLINK, 0777, target);
  }

  private long makeNew(String operation, String path, FileKind kind, int mode, String target)
      throws FsException {
    PathText text = PathText.ofPath(operation, path);
    long ino = FsException.NONE;
    while (true) {
      Last last =
          lookups.settled(operation, path, walk -> newName(walk, text, kind == FileKind.DIRECTORY));
      ino = ino == FsException.NONE ? volume.table().takeNumber() : ino;
      if (addNew(last, ino, kind, mode, target)) {
        return ino;
      }
    }
  }

  /** Where a new name goes, checked in the order of Linux' filename_create. */
  private Last newName(PathWalk walk, PathText text, boolean directory) throws FsException {
    Last last = walk.last(InodeTable.ROOT, text);
    if (last.kind() != LastKind.NAME || walk.child(last) != null) {
      throw walk.error(Errno.EEXIST, last.dir(), "exists");
    }
    if (text.trailingSlash() && !directory) {
      throw walk.error(Errno.ENOENT, last.dir(), "there is no '" + last.name() + "'");
    }
    volume.requireWritable();
    return last;
  }

  /** Makes inode {@code ino} with this first name; false when somebody was faster. */
  private boolean addNew(Last last, long ino, FileKind kind, int mode, String target)
      throws FsException {
    try (StateLocks _ = volume.lockStates(last.dir(), ino)) {
      if (!second(last, null)) {
        return false;
      }
      Attributes parent = attributes(last.dir());
      // A set-group-id directory hands its group on, and its kind to new directories: inode(7).
      boolean inherit = (parent.mode() & SET_GID) != 0;
      boolean directory = kind == FileKind.DIRECTORY;
      int bits = (mode & PERMISSIONS) | (inherit && directory ? SET_GID : 0);
      int group = inherit ? parent.gid() : 0;
      long now = volume.nowNanos();
      Event created =
          new Event.Created(ino, kind, bits, 0, group, directory ? last.dir() : 0, target, now);
      // The inode before its name: whoever finds the name finds the inode.
      Event named = new Event.EntryAdded(last.dir(), last.name(), ino, directory, now);
      volume.publish(
          directory
              ? List.of(created, named)
              : List.of(created, new Event.LinksChanged(ino, 1, now), named));
      return true;
    }
  }

  /**
   * link(2): a further name for an inode. A symbolic link at the end of {@code existing} is linked
   * to, not followed.
   *
   * @throws FsException EEXIST; EPERM for a directory; EMLINK beyond {@link #LINKS_MAX}
   */
  public void link(String existing, String newPath) throws FsException {
    String operation = "link";
    String what = existing + " -> " + newPath;
    PathText from = PathText.ofPath(operation, existing);
    while (true) {
      LinkPlan plan =
          lookups.settled(
              operation,
              what,
              walk -> {
                // Linux looks at the new path, its length too, when the old one led somewhere.
                Inode inode = walk.resolve(from, false);
                Last last = newName(walk, PathText.ofPath(operation, newPath), false);
                if (inode instanceof Inode.Directory) {
                  throw walk.error(Errno.EPERM, inode.ino(), "is a directory");
                }
                return new LinkPlan(inode.ino(), last);
              });
      if (addLink(plan, what)) {
        return;
      }
    }
  }

  private record LinkPlan(long ino, Last last) {}

  private boolean addLink(LinkPlan plan, String what) throws FsException {
    Last last = plan.last();
    try (StateLocks _ = volume.lockStates(last.dir(), plan.ino())) {
      if (!second(last, null) || !hasName(plan.ino())) {
        return false;
      }
      int links = attributes(plan.ino()).nlink();
      if (links >= LINKS_MAX) {
        throw new FsException(Errno.EMLINK, "link", what + ": has " + links + " links");
      }
      long now = volume.nowNanos();
      volume.publish(
          List.of(
              new Event.LinksChanged(plan.ino(), links + 1, now),
              new Event.EntryAdded(last.dir(), last.name(), plan.ino(), false, now)));
      return true;
    }
  }

  /** unlink(2): removes a name of anything but a directory; EISDIR for one. */
  public void unlink(String path) throws FsException {
    String operation = "unlink";
    PathText text = PathText.ofPath(operation, path);
    remove(operation, path, walk -> unlinkTarget(walk, text));
  }

  private Target unlinkTarget(PathWalk walk, PathText text) throws FsException {
    Last last = walk.last(InodeTable.ROOT, text);
    if (last.kind() != LastKind.NAME) {
      throw walk.error(Errno.EISDIR, last.dir(), "is a directory");
    }
    volume.requireWritable();
    Inode inode = walk.found(last);
    if (inode instanceof Inode.Directory) {
      throw walk.error(Errno.EISDIR, inode.ino(), "is a directory");
    }
    if (text.trailingSlash()) {
      throw walk.error(Errno.ENOTDIR, inode.ino(), "a trailing slash");
    }
    return new Target(last, inode.ino(), false);
  }

  /**
   * rmdir(2).
   *
   * @throws FsException ENOTEMPTY, also for {@code ..}; EINVAL for {@code .}; EBUSY for the root
   */
  public void rmdir(String path) throws FsException {
    String operation = "rmdir";
    PathText text = PathText.ofPath(operation, path);
    remove(operation, path, walk -> rmdirTarget(walk, text));
  }

  private Target rmdirTarget(PathWalk walk, PathText text) throws FsException {
    Last last = walk.last(InodeTable.ROOT, text);
    switch (last.kind()) {
      case ROOT -> throw walk.error(Errno.EBUSY, last.dir(), "is the root");
      case DOT -> throw walk.error(Errno.EINVAL, last.dir(), "ends in '.'");
      case DOT_DOT -> throw walk.error(Errno.ENOTEMPTY, last.dir(), "ends in '..'");
      case NAME -> {}
    }
    volume.requireWritable();
    Inode inode = walk.found(last);
    if (!(inode instanceof Inode.Directory)) {
      throw walk.error(Errno.ENOTDIR, inode.ino(), "is no directory");
    }
    return new Target(last, inode.ino(), true);
  }

  private record Target(Last last, long ino, boolean directory) {}

  private void remove(String operation, String path, Lookups.Question<Target> question)
      throws FsException {
    while (true) {
      Target target = lookups.settled(operation, path, question);
      switch (removeName(operation, path, target)) {
        case OVERTAKEN -> {}
        case DONE -> {
          return;
        }
        case ORPHANED -> {
          volume.lastNameRemoved(target.ino());
          return;
        }
      }
    }
  }

  private enum Removal {
    /** The name has come to lead elsewhere. */
    OVERTAKEN,
    DONE,
    /** It was the last name of an inode that may be in use. */
    ORPHANED
  }

  private Removal removeName(String operation, String path, Target target) throws FsException {
    Last last = target.last();
    long ino = target.ino();
    try (StateLocks _ = volume.lockStates(last.dir(), ino)) {
      if (!second(last, ino)) {
        return Removal.OVERTAKEN;
      }
      Inode inode = existing(ino);
      if (inode instanceof Inode.Directory dir && !dir.entries().isEmpty()) {
        throw new FsException(
            Errno.ENOTEMPTY, operation, path + ": has " + dir.entries().size() + " entries");
      }
      int linksLeft = target.directory() ? 0 : inode.attributes().nlink() - 1;
      boolean ends = linksLeft == 0 && volume.unused(ino);
      long now = volume.nowNanos();
      volume.publish(
          List.of(
              new Event.EntryRemoved(last.dir(), last.name(), ino, target.directory(), now),
              ends ? Decide.free(inode) : new Event.LinksChanged(ino, linksLeft, now)));
      return linksLeft == 0 && !ends ? Removal.ORPHANED : Removal.DONE;
    }
  }

  /** rename(2): {@link #rename(String, String, Set)} without flags. */
  public void rename(String from, String to) throws FsException {
    rename(from, to, EnumSet.noneOf(RenameFlag.class));
  }

  /**
   * renameat2(2): {@code to} becomes the name of what {@code from} names, replacing what is there;
   * at every moment {@code to} leads to one of both. Two names of one inode: nothing happens.
   *
   * @throws FsException EINVAL into the own subtree and for EXCHANGE; ENOTEMPTY, EISDIR or ENOTDIR
   *     when {@code to} cannot be replaced; EEXIST with NOREPLACE; EBUSY for the root, {@code .}
   *     and {@code ..}
   */
  public void rename(String from, String to, Set<RenameFlag> flags) throws FsException {
    rename.run(from, to, flags);
  }

  /**
   * chmod(2), chown(2) and utimensat(2) in one. A new owner of a regular file takes its set-id bits
   * away, unless the mode is given too.
   *
   * @throws FsException EOPNOTSUPP for the mode of a symbolic link
   */
  public void setAttributes(String path, boolean followLast, AttributeChange change)
      throws FsException {
    String operation = "setattr";
    PathText text = PathText.ofPath(operation, path);
    while (true) {
      long ino =
          lookups.settled(
              operation,
              path,
              walk -> {
                Inode inode = walk.resolve(text, followLast);
                volume.requireWritable();
                return inode.ino();
              });
      try (StateLocks _ = volume.lockStates(ino)) {
        Inode inode = volume.table().get(ino);
        if (inode == null || inode.attributes().nlink() == 0) {
          continue;
        }
        if (inode instanceof Inode.Symlink && change.mode() != null) {
          throw new FsException(
              Errno.EOPNOTSUPP, operation, path + ": a symbolic link has no mode");
        }
        volume.publish(List.of(changed(inode, change)));
        return;
      }
    }
  }

  private Event changed(Inode inode, AttributeChange change) {
    Attributes at = inode.attributes();
    int mode = change.mode() == null ? at.mode() : change.mode() & PERMISSIONS;
    boolean chown = change.uid() != null || change.gid() != null;
    if (chown && change.mode() == null && inode instanceof Inode.RegularFile) {
      // A set-group-id bit without group execution means mandatory locking and stays: chown(2).
      mode &= ~(SET_UID | ((mode & GROUP_EXECUTE) == 0 ? 0 : SET_GID));
    }
    return new Event.AttributesChanged(
        at.ino(),
        mode,
        Objects.requireNonNullElse(change.uid(), at.uid()),
        Objects.requireNonNullElse(change.gid(), at.gid()),
        Objects.requireNonNullElse(change.atimeNanos(), at.atimeNanos()),
        Objects.requireNonNullElse(change.mtimeNanos(), at.mtimeNanos()),
        volume.nowNanos());
  }

  /** The second look, under the state lock of the directory: see {@link #leadsTo}. */
  private boolean second(Last last, @Nullable Long ino) {
    return mutants.contains(Mutant.NO_SECOND_LOOK) || leadsTo(volume, last, ino);
  }

  /** An inode without names is on its way out and must not come back. */
  private boolean hasName(long ino) {
    Inode inode = volume.table().get(ino);
    return mutants.contains(Mutant.NO_SECOND_LOOK)
        || (inode != null && inode.attributes().nlink() > 0);
  }

  /** Whether the directory still has a name and this one leads to {@code ino}, null to nothing. */
  static boolean leadsTo(NamespaceVolume volume, Last last, @Nullable Long ino) {
    return volume.table().get(last.dir()) instanceof Inode.Directory dir
        && dir.attributes().nlink() > 0
        && Objects.equals(dir.entries().get(last.name()), ino);
  }

  private Attributes attributes(long ino) {
    return existing(ino).attributes();
  }

  private Inode existing(long ino) {
    Inode inode = volume.table().get(ino);
    if (inode == null) {
      throw new IllegalStateException("inode " + ino + " has a name but does not exist");
    }
    return inode;
  }
}
