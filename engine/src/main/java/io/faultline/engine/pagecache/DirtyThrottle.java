package io.faultline.engine.pagecache;

import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.LockWait;
import io.faultline.engine.runtime.Mutant;
import java.util.concurrent.atomic.LongAdder;

/**
 * Holds writers back while too many pages wait to be written (Linux {@code balance_dirty_pages}):
 * from a quarter of the frames on writeback is asked for, at half of them writers wait for it. So
 * there are always frames to read into, and what many reads want stays.
 *
 * <p>A page counts from becoming dirty to the end of its writeback. A writer waits where he would
 * wait for a frame: he may hold the I/O and range locks of his file, which writeback does not take.
 * He goes on as soon as pages were written, or given up because they could not be: the failure is
 * told by the next sync. When a volume turns read-only nobody waits any more.
 *
 * <p>Thread-safe.
 */
final class DirtyThrottle {
  private final FrameSupply frames;
  private final Runnable wantsWriteback;
  private final int background;
  private final int limit;
  private final LongAdder unwritten = new LongAdder();

  /** Whether writeback was asked for, and no page has been written since. A hint. */
  private volatile boolean asked;

  private volatile boolean off;

  DirtyThrottle(int frameCount, FrameSupply frames, Runnable wantsWriteback) {
    this.frames = frames;
    this.wantsWriteback = wantsWriteback;
    this.background = frameCount / 4;
    this.limit = frameCount / 2;
  }

  /** Before a page is written to. May wait, unless the volume is read-only. */
  void pace() {
    long now = unwritten.sum();
    if (now <= background) {
      return;
    }
    if (!asked) {
      asked = true;
      wantsWriteback.run();
    }
    while (tooMany()) {
      // Each time: what was passed over because somebody had it locked is to be looked at again.
      wantsWriteback.run();
      LockOrder.waits(LockWait.FRAME);
      frames.awaitProgress(() -> !tooMany());
    }
  }

  private boolean tooMany() {
    return unwritten.sum() > limit && !off && !Mutant.DIRTY_PAGES_UNLIMITED.on();
  }

  /** One more page is dirty, or under writeback. */
  void added() {
    unwritten.increment();
  }

  /** One less; {@link FrameSupply#progressed} follows. */
  void taken() {
    unwritten.decrement();
    if (asked) {
      asked = false;
    }
  }

  /** Pages that are dirty or under writeback; one that is both counts twice. */
  long unwritten() {
    return unwritten.sum();
  }

  /** Nobody waits from here on. */
  void stop() {
    off = !Mutant.WRITERS_WAIT_FOR_EVER.on();
    frames.progressed();
  }
}
