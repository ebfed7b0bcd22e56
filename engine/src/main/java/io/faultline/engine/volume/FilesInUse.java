package io.faultline.engine.volume;

import static io.faultline.engine.volume.LiveVolume.BLOCK_BYTES;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.Decide;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.inode.MappingCommand;
import io.faultline.engine.lock.LockCounters;
import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockWait;
import io.faultline.engine.namespace.StateLocks;
import io.faultline.engine.runtime.Mutant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The files in use, and who uses them: never more than one {@link Vnode} of an inode, from its
 * first user on until neither user, command, page nor pending time is left. The last user of a file
 * without a name ends it.
 *
 * <p>Users are open files and operations. Whoever is one keeps the file here; its count goes up
 * from 0 only in {@link #acquire}, under the map's bin. Thread-safe.
 */
final class FilesInUse {
  private static final int SWEEP_MIN = 1_024;

  private final LiveVolume volume;
  private final InodeTable table;
  private final Map<Long, Vnode> vnodes = new ConcurrentHashMap<>();
  private final Operations inFlight = new Operations();

  /** Inodes below this number were there when the volume was opened. */
  private final long recoveredUpTo;

  final LockCounters ioCounters = new LockCounters();
  final LockCounters mappingCounters = new LockCounters();

  /** Files in use at which idle ones are looked for; a hint. */
  private volatile int sweepAt = SWEEP_MIN;

  /**
   * @param table as it was recovered
   */
  FilesInUse(LiveVolume volume, InodeTable table) {
    this.volume = volume;
    this.table = table;
    this.recoveredUpTo = table.nextNumber();
  }

  /** The file in use of that number, if there is one. */
  @Nullable Vnode get(long ino) {
    return vnodes.get(ino);
  }

  /** Files in use or cached; weakly consistent. */
  Collection<Vnode> all() {
    return vnodes.values();
  }

  /**
   * Takes a file into use; {@link #release(Vnode)} gives it back.
   *
   * @throws FsException ENOENT if it is gone, EISDIR or ELOOP if it is no regular file
   */
  Vnode acquire(long ino, String operation) throws FsException {
    volume.requireOpen();
    sweepIfMany();
    Vnode vnode =
        vnodes.compute(
            ino,
            (number, known) -> {
              Vnode v = known != null ? known : make(number);
              if (v != null) {
                v.users.incrementAndGet();
              }
              return v;
            });
    if (vnode == null) {
      throw notAFile(ino, operation);
    }
    try (StateLocks _ = volume.publisher().lockStates(ino)) {
      if (table.get(ino) instanceof Inode.RegularFile file && file.attributes().nlink() > 0) {
        // Published between our look and our entry in the map: nobody told this vnode.
        vnode.inode = file;
        if (vnode.users.get() == 1) {
          vnode.lastLsn = Math.max(vnode.lastLsn, volume.journal().runningLsn());
        }
        return vnode;
      }
    }
    release(vnode);
    throw notAFile(ino, operation);
  }

  /** Files that were read and whose pages were evicted since are let go here. */
  private void sweepIfMany() {
    int many = sweepAt;
    if (vnodes.size() > many) {
      vnodes.values().forEach(this::forget);
      sweepAt = Math.max(SWEEP_MIN, 2 * vnodes.size());
    }
  }

  private @Nullable Vnode make(long ino) {
    if (!(table.get(ino) instanceof Inode.RegularFile file)) {
      return null;
    }
    boolean suspect = ino < recoveredUpTo && file.durableSize() % BLOCK_BYTES != 0;
    return new Vnode(
        volume, file, volume.journal().runningLsn(), suspect, ioCounters, mappingCounters);
  }

  private FsException notAFile(long ino, String operation) {
    Inode inode = table.get(ino);
    Errno errno =
        switch (inode) {
          case Inode.Directory d -> Errno.EISDIR;
          case Inode.Symlink s -> Errno.ELOOP;
          case null, default -> Errno.ENOENT;
        };
    return new FsException(errno, operation, ino, FsException.NONE, FsException.NONE, errno.text());
  }

  /** Gives a file back; the last user of a file without a name ends it. */
  void release(Vnode vnode) throws FsException {
    if (vnode.users.decrementAndGet() == 0) {
      lastUseEnded(vnode);
    }
  }

  private void lastUseEnded(Vnode vnode) throws FsException {
    Inode inode = table.get(vnode.ino());
    if (inode != null && inode.attributes().nlink() == 0) {
      end(vnode);
    }
    forget(vnode);
  }

  /**
   * Keeps a file in use for one operation, even if its last open file is closed meanwhile:
   * otherwise a second vnode of the same inode could come to life beside the operation.
   *
   * @throws FsException EBADF if nobody has it open any more, or the volume is closing
   */
  void pin(Vnode vnode, String operation) throws FsException {
    inFlight.enter();
    if (volume.closed() || !vnode.tryUse()) {
      inFlight.leave();
      volume.requireOpen();
      throw new FsException(
          Errno.EBADF,
          operation,
          vnode.ino(),
          FsException.NONE,
          FsException.NONE,
          "the file is closed");
    }
    LockOrder.owes(LockWait.OPERATIONS);
  }

  void unpin(Vnode vnode) throws FsException {
    try {
      release(vnode);
    } finally {
      inFlight.leave();
      LockOrder.paid(LockWait.OPERATIONS);
    }
  }

  /** {@link #unpin} on a thread that the end of the file may need. */
  private void unpinLater(Vnode vnode) {
    if (vnode.users.decrementAndGet() > 0) {
      inFlight.leave();
      return;
    }
    volume
        .runtime()
        .fork(
            "faultline-release-" + vnode.ino(),
            () -> {
              try {
                lastUseEnded(vnode);
              } catch (FsException e) {
                // Nobody waits for this; the next open finishes the orphan.
                orphanRemains(e);
              } finally {
                inFlight.leave();
              }
            });
  }

  private void orphanRemains(FsException e) {
    if (!volume.readOnly() && e.errno() == Errno.EIO) {
      volume.fail(e);
    }
  }

  /** Returns when every operation that pinned a file has ended; the volume takes no more. */
  void awaitNoOperation() {
    inFlight.awaitNone();
  }

  /**
   * As {@link io.faultline.engine.namespace.NamespaceVolume#unused} says. Nobody can have an inode
   * without a vnode open or in the cache. {@link #acquire} may be making one now: it then finds
   * under the inode-state lock that the inode is gone.
   */
  boolean unused(long ino) {
    return !vnodes.containsKey(ino) || Mutant.UNLINK_ENDS_OPEN_FILE.on();
  }

  /** As {@link io.faultline.engine.namespace.NamespaceVolume#lastNameRemoved} says. */
  void lastNameRemoved(long ino) {
    Inode inode = table.get(ino);
    try {
      if (inode instanceof Inode.RegularFile) {
        Vnode vnode = vnodes.computeIfAbsent(ino, this::make);
        if (vnode != null && vnode.users.get() == 0) {
          // If somebody opens it meanwhile the command finds that out, and his close ends it.
          end(vnode);
          forget(vnode);
        }
      } else if (inode != null) {
        try (StateLocks _ = volume.publisher().lockStates(ino)) {
          Inode now = table.get(ino);
          if (now != null && now.attributes().nlink() == 0) {
            volume.publisher().publish(List.of(Decide.free(now)));
          }
        }
      }
    } catch (FsException e) {
      // The name is gone and stays gone; the next open finishes the orphan.
      orphanRemains(e);
    }
  }

  private void end(Vnode vnode) throws FsException {
    Answers.call(() -> submit(vnode, new MappingCommand.Free()));
  }

  CompletableFuture<Void> submit(Vnode vnode, MappingCommand command) {
    vnode.commands.incrementAndGet();
    return volume
        .router()
        .submit(vnode, command)
        .whenComplete((ignored, failed) -> vnode.commands.decrementAndGet());
  }

  /** Sends a user's command to the file's actor; until it ends the file stays in use. */
  CompletableFuture<Void> command(Vnode vnode, MappingCommand command) throws FsException {
    pin(vnode, command.operation());
    // From here the command owes it, on whatever threads it runs.
    LockOrder.paid(LockWait.OPERATIONS);
    return submit(vnode, command).whenComplete((ignored, failed) -> unpinLater(vnode));
  }

  /**
   * Lets go of a file that nobody uses and nothing is cached of, and of what is kept free for it.
   */
  void forget(Vnode vnode) {
    if (vnode.users.get() == 0) {
      volume.allocator().close(vnode.window);
    }
    long durableLsn = volume.journal().durableLsn();
    vnodes.computeIfPresent(
        vnode.ino(), (ino, known) -> known == vnode && vnode.isIdle(durableLsn) ? null : known);
  }
}
