package io.faultline.persistence.replay;

import java.io.IOException;

/** An event cannot be applied to the state before it: history does not fit itself. */
public final class MisfitException extends IOException {
  private static final long serialVersionUID = 1L;

  private final long lsn;

  MisfitException(long lsn, RuntimeException cause) {
    super("LSN " + lsn + " does not fit the state before it: " + cause.getMessage(), cause);
    this.lsn = lsn;
  }

  /** The event that does not fit; everything before it does. */
  public long lsn() {
    return lsn;
  }
}
