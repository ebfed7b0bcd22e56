package io.faultline.soak.race;

import io.faultline.engine.lock.LockRank;
import io.faultline.engine.runtime.StateChange;
import io.faultline.engine.runtime.YieldPoint;
import io.faultline.engine.runtime.sim.TraceNote;
import io.faultline.engine.runtime.sim.TraceStep;
import java.util.Locale;

/** A trace in words. */
final class Words {
  private Words() {}

  /** The lock of that rank position, for people. */
  static String lock(long position) {
    for (LockRank rank : LockRank.values()) {
      if (rank.position() == position) {
        return switch (rank) {
          case MAPPING -> "mapping lock";
          case IO -> "I/O lock";
          default -> rank.name().toLowerCase(Locale.ROOT).replace('_', ' ') + " lock";
        };
      }
    }
    return "lock " + position;
  }

  /** What a task has just done, or is about to do. */
  static String of(TraceStep step) {
    long page = step.arg();
    return switch (step.point()) {
      case READ_MISS -> "misses page " + page;
      case FILL_LOCKED -> "may fill from page " + page;
      case FILL_INSERTED -> "page " + page + " is in the table, locked";
      case FILL_MAPPED -> "has looked up the block of page " + page;
      case IO_SUBMITTED -> "read is under way";
      case IO_DONE -> "has read the block";
      case SIZE_SAMPLED -> "samples the size for page " + page;
      case READ_COPIED -> "has copied page " + page;
      case DESTROY_LOCKED -> "holds what it needs to destroy";
      case DESTROY_EDGES -> "zeroes the edge page " + page;
      case DESTROY_EVICTED -> "pages from " + page + " on are evicted";
      case DESTROY_APPLIED -> "the mapping is changed";
      case BLOCKS_FREED -> page + " block(s) free again";
      case SIZE_SET -> "has set the size to " + page;
      case WRITEBACK_LOCKED -> "locks dirty page " + page + " to write it back";
      case WRITEBACK_MAPPED -> "knows where page " + page + " goes";
      case WRITEBACK_SUBMITTED -> "write of page " + page + " is under way";
      case WRITEBACK_WRITTEN -> "page " + page + " is written";
      case WRITEBACK_PUBLISHED -> "its mapping is published";
      case WRITEBACK_CLEARED -> "it is no longer under writeback";
      case WRITE_LOCKED -> "may write page " + page;
      case WRITE_SLOT_LOCKED -> "locks page " + page;
      case WRITE_COPIED -> "has copied into page " + page;
      case WRITE_DIRTIED -> "page " + page + " is dirty";
      case MKWRITE_LOCKED -> "may make page " + page + " writable";
      case COMMIT_CLOSED -> "transaction " + page + " is closed";
      case COMMIT_FLUSHED -> "the image is flushed";
      case COMMIT_DURABLE -> "transaction " + page + " is durable";
      case LOCK_BACKOUT -> "meets the exclusive " + lock(page);
      case LOCK_QUEUE -> "queues for the " + lock(page);
      case LOCK_HAND_OVER -> "hands the " + lock(page) + " over";
      case LOCK_RELEASE -> "lets the " + lock(page) + " go";
      case LOCK_WAIT -> "waits for the " + lock(page);
      // The slot's page comes in place of an inode here.
      case SLOT_WAIT -> "waits for page " + step.ino();
      case COMMIT_WAIT -> "waits for transaction " + page;
      case IO_WAIT -> "waits for the device";
      case SPIN -> "looks again";
      default -> plain(step.point());
    };
  }

  private static String plain(YieldPoint point) {
    return point.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /** What has changed. */
  static String of(TraceNote note) {
    long arg = note.arg();
    return switch (note.change()) {
      case LOCK_SHARED -> "+ " + lock(arg) + " shared";
      case LOCK_SHARED_RELEASED -> "- " + lock(arg) + " shared";
      case LOCK_DRAINING -> "  " + lock(arg) + " drains";
      case LOCK_EXCLUSIVE -> "+ " + lock(arg) + " EXCLUSIVE";
      case LOCK_EXCLUSIVE_RELEASED -> "- " + lock(arg) + " EXCLUSIVE";
      case PAGE_INSERTED -> "* page " + arg + " inserted";
      case PAGE_UPTODATE -> "* page " + arg + " UPTODATE";
      case PAGE_DIRTY -> "* page " + arg + " DIRTY";
      case PAGE_WRITEBACK -> "* page " + arg + " WRITEBACK";
      case PAGE_CLEAN -> "* page " + arg + " written back";
      case PAGE_EVICTED -> "* page " + arg + " gone";
      case MAPPING_CHANGED -> "* block map of inode " + note.ino() + " changed";
      case SIZE_CHANGED -> "* size is " + arg;
      case BLOCKS_FREED -> "* " + arg + " block(s) reusable";
      case BLOCKS_TAKEN -> "* takes block " + arg;
      case TX_DURABLE -> "* transaction " + arg + " durable";
    };
  }

  /** Whether a change is worth a line of a timeline: most of the I/O lock's are not. */
  static boolean tells(TraceNote note) {
    return !isLock(note.change()) || note.arg() == LockRank.MAPPING.position();
  }

  /** Whether a change is one of a lock. */
  static boolean isLock(StateChange change) {
    return switch (change) {
      case LOCK_SHARED,
          LOCK_SHARED_RELEASED,
          LOCK_DRAINING,
          LOCK_EXCLUSIVE,
          LOCK_EXCLUSIVE_RELEASED ->
          true;
      default -> false;
    };
  }
}
