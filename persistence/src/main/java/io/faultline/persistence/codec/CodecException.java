package io.faultline.persistence.codec;

import java.io.IOException;

/** Bytes that are not what they claim to be. Says where. */
public final class CodecException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int offset;

  CodecException(String message, int offset) {
    super(message + " at byte " + offset);
    this.offset = offset;
  }

  CodecException(String message, int offset, Throwable cause) {
    this(message, offset);
    initCause(cause);
  }

  /** Bytes from the beginning of what was decoded. */
  public int offset() {
    return offset;
  }
}
