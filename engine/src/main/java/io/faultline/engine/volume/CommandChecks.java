package io.faultline.engine.volume;

import static io.faultline.engine.volume.LiveVolume.BLOCK_BYTES;

import io.faultline.engine.inode.MappingCommand;
import io.faultline.engine.pagecache.CacheAudit;
import io.faultline.engine.pagecache.Mapping;
import io.faultline.engine.pagecache.PageCache;
import io.faultline.engine.runtime.Invariant;

/**
 * What must hold when the body of a command begins, and when it has ended and still has its locks:
 * invariants I2, I8, I15 and I16. Does nothing on volumes whose guard does not uphold them.
 */
final class CommandChecks {
  private static final long BYTES_MAX = Long.MAX_VALUE - 2L * BLOCK_BYTES;

  private final Vnode vnode;
  private final PageCache cache;
  private final boolean exclusive;
  private final long sizeBefore;

  /** What of a range to be zeroed nobody stores to meanwhile. */
  private long stillFrom;

  private long stillTo;

  CommandChecks(Vnode vnode, PageCache cache, boolean exclusive) {
    this.vnode = vnode;
    this.cache = cache;
    this.exclusive = exclusive;
    this.sizeBefore = vnode.mapping.size();
  }

  private boolean on() {
    return PageCache.checkedUnder(cache.guard());
  }

  private void requireDrained(MappingCommand command) {
    int writing = vnode.writing.get();
    Invariant.I8.require(
        writing == 0,
        "inode %s: %s writes run beside the body of %s",
        vnode.ino(),
        writing,
        command.operation());
  }

  void before(MappingCommand command) {
    if (on()) {
      requireDrained(command);
      if (destroysRange(command)) {
        findStill(command.offset(), end(command));
      }
    }
  }

  private static boolean destroysRange(MappingCommand command) {
    return command instanceof MappingCommand.PunchHole
        || command instanceof MappingCommand.ZeroRange;
  }

  private static long end(MappingCommand command) {
    return Math.min(BYTES_MAX, command.offset() + command.length());
  }

  /**
   * An edge page that is dirty by now may be stored to after it was zeroed, and written back before
   * anybody looks at it.
   */
  private void findStill(long from, long to) {
    Mapping m = vnode.mapping;
    CacheAudit audit = cache.audit();
    boolean head = from % BLOCK_BYTES == 0 || audit.holdsStill(m, from / BLOCK_BYTES);
    boolean tail = to % BLOCK_BYTES == 0 || audit.holdsStill(m, to / BLOCK_BYTES);
    stillFrom = head ? from : Math.ceilDiv(from, (long) BLOCK_BYTES) * BLOCK_BYTES;
    stillTo = tail ? to : to / BLOCK_BYTES * BLOCK_BYTES;
  }

  void after(MappingCommand command) {
    if (!on()) {
      return;
    }
    requireDrained(command);
    Mapping m = vnode.mapping;
    CacheAudit audit = cache.audit();
    if (m.size() > sizeBefore) {
      Invariant.I16.require(audit.tail(m, sizeBefore).isEmpty(), "%s", audit.tail(m, sizeBefore));
    }
    if (!exclusive) {
      return;
    }
    long from = command.offset();
    long to = BYTES_MAX;
    if (destroysRange(command)) {
      to = end(command);
      String survivor = stillFrom < stillTo ? audit.survivor(m, stillFrom, stillTo) : "";
      Invariant.I15.require(survivor.isEmpty(), "after %s %s", command.operation(), survivor);
    }
    long first = Math.max(0, from / BLOCK_BYTES - 1);
    String stale = audit.stale(m, first, Math.ceilDiv(to, (long) BLOCK_BYTES) + 1);
    Invariant.I2.require(stale.isEmpty(), "after %s %s", command.operation(), stale);
  }
}
