package io.faultline.engine.extent;

/**
 * A run of device blocks {@code [start, start + length)}.
 *
 * @param start first device block
 * @param length blocks, at least one
 */
public record BlockRun(long start, long length) {
  public BlockRun {
    if (start < 0 || length <= 0) {
      throw new IllegalArgumentException("block run " + start + "+" + length);
    }
  }

  /** The first block behind this run. */
  public long end() {
    return start + length;
  }
}
