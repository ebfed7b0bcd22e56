package io.faultline;

/**
 * One run {@code [offset, offset + length)} of a file that is not a hole, in bytes and whole
 * blocks; the last one may reach past the end of the file. What FIEMAP reports.
 */
public record FileExtent(long offset, long length, State state) {

  /** How a run that is not a hole is held. */
  public enum State {
    /** Written to blocks of the volume. */
    DATA,
    /** Blocks are allocated but nothing was written to them: reads as zeros. */
    UNWRITTEN,
    /** Written only to the cache; space is reserved, blocks are chosen at writeback. */
    DELALLOC
  }

  /** The first byte behind this run. */
  public long end() {
    return offset + length;
  }
}
