package io.faultline.soak.oracle;

/**
 * A change under way, as {@link FileOracle#begin} granted it. It is ended exactly once.
 *
 * @param op what is done
 * @param offset first byte; the end of file for an append
 * @param lengthBytes length of the range; what a truncate cuts off, or 0
 * @param generation the tick at which it began, and the generation to stamp what it writes with
 * @param sizeBefore file size when it began
 * @param sizeAfter file size once it has succeeded
 * @param wholeFile whether it has the file to itself
 */
public record Mutation(
    Op op,
    long offset,
    long lengthBytes,
    long generation,
    long sizeBefore,
    long sizeAfter,
    boolean wholeFile) {

  /** What changes. */
  public enum Op {
    /** Stamped bytes at an offset; past the end it extends the file. */
    WRITE,
    /** Stamped bytes through a mapped view, inside the end of file. */
    STORE,
    /** Stamped bytes at the end of the file. */
    APPEND,
    /** Sets the size to the offset of the range. */
    TRUNCATE,
    /** Zeros, size kept. */
    PUNCH,
    /** Zeros, size kept. */
    ZERO_KEEP,
    /** Zeros; past the end it extends the file. */
    ZERO,
    /** No byte changes; past the end it extends the file. */
    ALLOCATE;

    boolean stamps() {
      return this == WRITE || this == STORE || this == APPEND;
    }

    boolean zeroes() {
      return this == PUNCH || this == ZERO_KEEP || this == ZERO || this == TRUNCATE;
    }

    boolean mayGrow() {
      return this == WRITE || this == APPEND || this == ZERO || this == ALLOCATE;
    }
  }

  long firstSubBlock() {
    return offset / Stamps.SUB_BLOCK_BYTES;
  }

  long endSubBlock() {
    return (offset + lengthBytes) / Stamps.SUB_BLOCK_BYTES;
  }

  boolean changesBytes() {
    return lengthBytes > 0 && (op.stamps() || op.zeroes());
  }

  /** The version it leaves: its generation, negative where it leaves zeros. */
  long version() {
    return op.stamps() ? generation : -generation;
  }
}
