package io.faultline.persistence.journal;

import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Holds a replay back to the speed at which its events are applied. Akka sends a whole journal into
 * the mailbox of the recovering behaviour; without this, the heap would have to hold it.
 *
 * <p>Thread-safe. Waits without a timeout, so {@link #open} has to follow whatever ends a recovery.
 */
final class ReplayWindow {
  private static final int TRANSACTIONS = 256;

  private final Semaphore room = new Semaphore(TRANSACTIONS);
  private final AtomicBoolean open = new AtomicBoolean();

  /** Waits until one more transaction may be under way. */
  void enter() {
    if (!open.get()) {
      room.acquireUninterruptibly();
    }
  }

  /** One transaction was applied. */
  void leave() {
    room.release();
  }

  /** Nobody is going to apply anything more: lets everything through. */
  void open() {
    open.set(true);
    room.release(TRANSACTIONS);
  }
}
