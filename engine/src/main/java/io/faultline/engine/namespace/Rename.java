package io.faultline.engine.namespace;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.Attributes;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.namespace.PathWalk.Last;
import io.faultline.engine.namespace.PathWalk.LastKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * rename(2) of one volume (rule R16).
 *
 * <p>Locking: two different directories → the rename lock first, and everything is looked up again
 * under it. Then the state locks of both directories, of what moves and of what is replaced. The
 * ancestors of the target directory are walked without locks: only a rename between directories
 * changes a parent, and those exclude each other.
 *
 * <p>One batch: the replaced name goes, the target appears, the source goes. So a lock-free lookup
 * never finds neither name, but for the moment between the first two events, which {@link
 * RenameSequence} covers.
 */
final class Rename {
  private static final String OPERATION = "rename";

  private final NamespaceVolume volume;
  private final Lookups lookups;
  private final RenameSequence sequence;
  private final RenameLock renameLock = new RenameLock();
  private final Set<Mutant> mutants;

  Rename(NamespaceVolume volume, Lookups lookups, RenameSequence sequence, Set<Mutant> mutants) {
    this.volume = volume;
    this.lookups = lookups;
    this.sequence = sequence;
    this.mutants = mutants;
  }

  /**
   * What a rename asks for.
   *
   * @param to taken apart only when {@code from} led to a directory, as in Linux
   */
  private record Request(String what, PathText from, String to, boolean noReplace) {}

  /**
   * What the lock-free look found.
   *
   * @param replaced what the target name leads to; the source's own inode when both are links to it
   */
  private record Plan(Last from, Last to, Inode source, @Nullable Inode replaced) {
    boolean spansDirectories() {
      return from.dir() != to.dir();
    }
  }

  /** How an attempt ended. */
  private sealed interface Outcome {
    /**
     * @param orphan the inode whose last name went, or FsException.NONE
     */
    record Done(long orphan) implements Outcome {}

    /** Two directories, and the rename lock was not held. */
    record NeedsRenameLock() implements Outcome {}

    /** What was found has changed before it was locked: another operation got on. */
    record Overtaken() implements Outcome {}
  }

  void run(String from, String to, Set<RenameFlag> flags) throws FsException {
    if (flags.contains(RenameFlag.EXCHANGE)) {
      throw new FsException(Errno.EINVAL, OPERATION, "EXCHANGE is not supported");
    }
    Request request =
        new Request(
            from + " -> " + to,
            PathText.ofPath(OPERATION, from),
            to,
            flags.contains(RenameFlag.NOREPLACE));
    boolean spans = false;
    while (true) {
      switch (spans ? attemptExclusively(request) : attempt(request, false)) {
        case Outcome.Done done -> {
          if (done.orphan() != FsException.NONE) {
            volume.lastNameRemoved(done.orphan());
          }
          return;
        }
        case Outcome.NeedsRenameLock _ -> spans = true;
        case Outcome.Overtaken _ -> {}
      }
    }
  }

  private Outcome attemptExclusively(Request request) throws FsException {
    if (mutants.contains(Mutant.NO_RENAME_LOCK)) {
      return attempt(request, true);
    }
    try (RenameLock.Held _ = renameLock.take()) {
      return attempt(request, true);
    }
  }

  private Outcome attempt(Request request, boolean exclusive) throws FsException {
    Plan plan = lookups.settled(OPERATION, request.what(), walk -> plan(walk, request, exclusive));
    if (plan.spansDirectories() && !exclusive) {
      return new Outcome.NeedsRenameLock();
    }
    Inode replaced = plan.replaced();
    if (replaced != null && replaced.ino() == plan.source().ino()) {
      return sameInode(plan);
    }
    long source = plan.source().ino();
    try (StateLocks _ =
        volume.lockStates(
            plan.from().dir(),
            plan.to().dir(),
            source,
            replaced == null ? source : replaced.ino())) {
      if (!stillTrue(plan)) {
        return new Outcome.Overtaken();
      }
      if (replaced != null
          && volume.table().get(replaced.ino()) instanceof Inode.Directory dir
          && !dir.entries().isEmpty()) {
        throw new FsException(
            Errno.ENOTEMPTY, OPERATION, request.what() + ": the target has entries");
      }
      return publish(plan);
    }
  }

  /**
   * Looks everything up and checks it, in the order of Linux' do_renameat2 and vfs_rename. Without
   * the rename lock the walk ends where it turns out to be needed.
   */
  private Plan plan(PathWalk walk, Request request, boolean exclusive) throws FsException {
    Last from = walk.last(InodeTable.ROOT, request.from());
    PathText target = PathText.ofPath(OPERATION, request.to());
    Last to = walk.last(InodeTable.ROOT, target);
    if (from.kind() != LastKind.NAME) {
      throw walk.error(Errno.EBUSY, from.dir(), "the source is no name");
    }
    if (to.kind() != LastKind.NAME) {
      throw walk.error(
          request.noReplace() ? Errno.EEXIST : Errno.EBUSY, to.dir(), "the target is no name");
    }
    volume.requireWritable();
    Inode source = walk.found(from);
    Inode replaced = walk.child(to);
    Plan plan = new Plan(from, to, source, replaced);
    if (plan.spansDirectories() && !exclusive) {
      return plan;
    }
    if (replaced != null && request.noReplace()) {
      throw walk.error(Errno.EEXIST, replaced.ino(), "the target exists");
    }
    boolean directory = source instanceof Inode.Directory;
    if (!directory && (request.from().trailingSlash() || target.trailingSlash())) {
      throw walk.error(Errno.ENOTDIR, source.ino(), "a trailing slash");
    }
    if (plan.spansDirectories() && !mutants.contains(Mutant.NO_CYCLE_CHECK)) {
      checkAncestors(walk, plan);
    }
    if (replaced != null && replaced.ino() != source.ino()) {
      if (directory && !(replaced instanceof Inode.Directory)) {
        throw walk.error(Errno.ENOTDIR, replaced.ino(), "a directory cannot replace it");
      }
      if (!directory && replaced instanceof Inode.Directory) {
        throw walk.error(Errno.EISDIR, replaced.ino(), "only a directory can replace it");
      }
    }
    return plan;
  }

  private void checkAncestors(PathWalk walk, Plan plan) throws FsException {
    if (isSameOrAbove(plan.source().ino(), plan.to().dir())) {
      throw walk.error(Errno.EINVAL, plan.source().ino(), "the target lies in the source");
    }
    if (plan.replaced() != null && isSameOrAbove(plan.replaced().ino(), plan.from().dir())) {
      throw walk.error(Errno.ENOTEMPTY, plan.replaced().ino(), "the source lies in the target");
    }
  }

  /** Whether {@code above} is {@code dir} or an ancestor; stable under the rename lock. */
  private boolean isSameOrAbove(long above, long dir) {
    InodeTable table = volume.table();
    int stepsMax = table.size();
    long at = dir;
    for (int steps = 0; at != above; steps++) {
      // A directory removed meanwhile ends the walk; the second look will notice.
      if (at == InodeTable.ROOT || !(table.get(at) instanceof Inode.Directory next)) {
        return false;
      }
      if (steps > stepsMax) {
        throw new IllegalStateException("a cycle of directories through inode " + dir);
      }
      at = next.parent();
    }
    return true;
  }

  /**
   * Two names of one inode: nothing happens, as POSIX demands. Looked at again under the locks: a
   * lock-free look in the middle of somebody's rename of the source to the target sees just this.
   */
  private Outcome sameInode(Plan plan) {
    try (StateLocks _ = volume.lockStates(plan.from().dir(), plan.to().dir())) {
      return stillTrue(plan) ? new Outcome.Done(FsException.NONE) : new Outcome.Overtaken();
    }
  }

  /** Whether both names still lead where the plan says; the directories' locks are held. */
  private boolean stillTrue(Plan plan) {
    Long replaced = plan.replaced() == null ? null : plan.replaced().ino();
    return mutants.contains(Mutant.NO_SECOND_LOOK)
        || (Namespace.leadsTo(volume, plan.from(), plan.source().ino())
            && Namespace.leadsTo(volume, plan.to(), replaced));
  }

  /** The state locks of all four inodes are held. */
  private Outcome publish(Plan plan) throws FsException {
    long now = volume.nowNanos();
    List<Event> batch = new ArrayList<>();
    long orphan = addRemovalOfReplaced(plan, now, batch);
    Inode source = plan.source();
    Last from = plan.from();
    Last to = plan.to();
    boolean directory = source instanceof Inode.Directory;
    batch.add(new Event.EntryAdded(to.dir(), to.name(), source.ino(), directory, now));
    if (directory && plan.spansDirectories()) {
      batch.add(new Event.Moved(source.ino(), to.dir(), now));
    }
    batch.add(new Event.EntryRemoved(from.dir(), from.name(), source.ino(), directory, now));
    // The links are counted anew only for the sake of ctime, which every rename moves.
    batch.add(new Event.LinksChanged(source.ino(), links(source.ino()), now));
    sequence.begin();
    try {
      volume.publish(batch);
    } finally {
      sequence.end();
    }
    return new Outcome.Done(orphan);
  }

  private long addRemovalOfReplaced(Plan plan, long now, List<Event> batch) {
    Inode replaced = plan.replaced();
    if (replaced == null) {
      return FsException.NONE;
    }
    long ino = replaced.ino();
    boolean directory = replaced instanceof Inode.Directory;
    int linksLeft = directory ? 0 : links(ino) - 1;
    batch.add(new Event.EntryRemoved(plan.to().dir(), plan.to().name(), ino, directory, now));
    batch.add(new Event.LinksChanged(ino, linksLeft, now));
    return linksLeft == 0 ? ino : FsException.NONE;
  }

  private int links(long ino) {
    Inode inode = volume.table().get(ino);
    if (inode == null) {
      throw new IllegalStateException("inode " + ino + " has a name but does not exist");
    }
    Attributes at = inode.attributes();
    return at.nlink();
  }
}
