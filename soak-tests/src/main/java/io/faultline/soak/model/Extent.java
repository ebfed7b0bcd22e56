package io.faultline.soak.model;

/**
 * A maximal run of blocks in one state, in bytes; both numbers are multiples of 4096, so the last
 * extent may reach past the end of the file. Holes are never reported.
 *
 * @param offsetBytes first byte
 * @param lengthBytes length, positive
 * @param state what the blocks are
 */
public record Extent(long offsetBytes, long lengthBytes, State state) {

  /** What a mapped block is, seen after a sync. */
  public enum State {
    /** Written, or dirty and therefore written by the sync. */
    DATA,
    /** Allocated, reads as zero. */
    UNWRITTEN
  }
}
