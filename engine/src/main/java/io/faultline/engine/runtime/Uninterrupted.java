package io.faultline.engine.runtime;

/**
 * Runs an actor's turn on a thread that is not the actor's own. Akka ends a mailbox's run with an
 * {@code InterruptedException} where it finds its thread interrupted, and a user may interrupt his
 * thread at any time: the turns behind that one would be lost, and with them whoever waits.
 */
public final class Uninterrupted {
  private Uninterrupted() {}

  /**
   * Runs {@code turn} with this thread's interrupt flag down.
   *
   * @return whether the thread was interrupted before or meanwhile: the caller raises the flag
   *     again when all turns are done
   */
  public static boolean run(Runnable turn) {
    boolean interrupted = Thread.interrupted();
    try {
      turn.run();
    } catch (Exception thrown) {
      // Thrown by Scala code, which declares nothing. The mailbox has queued itself again.
      if (!(thrown instanceof InterruptedException)) {
        throw thrown;
      }
      interrupted = true;
    }
    return interrupted;
  }
}
