package io.faultline.cli.architecture.broken.persistence;

import java.nio.ByteBuffer;

/** Breaks a rule on purpose: nobody gives this buffer back. */
public final class Loose {
  private Loose() {}

  /** A buffer that the collector frees. */
  public static ByteBuffer buffer() {
    return ByteBuffer.allocateDirect(1);
  }
}
