package io.faultline.persistence.checkpoint;

import java.io.IOException;

/** A checkpoint is not what it claims to be, or cannot be read. An older one may do. */
final class DamagedCheckpointException extends IOException {
  private static final long serialVersionUID = 1L;

  DamagedCheckpointException(String name, long offset, String what) {
    super("checkpoint " + name + " offset " + offset + ": " + what);
  }

  DamagedCheckpointException(String name, long offset, Throwable cause) {
    this(name, offset, String.valueOf(cause.getMessage()));
    initCause(cause);
  }
}
