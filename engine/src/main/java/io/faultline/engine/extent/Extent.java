package io.faultline.engine.extent;

/**
 * One run of a file's blocks and where it lives: file blocks {@code [fileBlock, fileBlock +
 * length)} at device blocks {@code [physical, physical + length)}. A hole has no place and carries
 * {@link #NO_BLOCK}.
 *
 * @param fileBlock first file block
 * @param physical first device block, or {@link #NO_BLOCK} for a hole
 * @param length blocks, at least one
 * @param state what a read of these blocks gives
 */
public record Extent(long fileBlock, long physical, long length, State state) {
  /** The place of a hole. */
  public static final long NO_BLOCK = -1;

  /** What a read of an extent gives. */
  public enum State {
    /** No blocks: zeros. */
    HOLE,
    /** Blocks are reserved for this range but were never written by it: zeros. */
    UNWRITTEN,
    /** Blocks hold the file's data. */
    WRITTEN
  }

  public Extent {
    if (fileBlock < 0 || length <= 0 || fileBlock + length < 0) {
      throw new IllegalArgumentException("extent at file block " + fileBlock + "+" + length);
    }
    if ((state == State.HOLE) != (physical == NO_BLOCK) || physical < NO_BLOCK) {
      throw new IllegalArgumentException("extent " + state + " at device block " + physical);
    }
  }

  public static Extent hole(long fileBlock, long length) {
    return new Extent(fileBlock, NO_BLOCK, length, State.HOLE);
  }

  public static Extent written(long fileBlock, long physical, long length) {
    return new Extent(fileBlock, physical, length, State.WRITTEN);
  }

  public static Extent unwritten(long fileBlock, long physical, long length) {
    return new Extent(fileBlock, physical, length, State.UNWRITTEN);
  }

  /** The first file block behind this extent. */
  public long end() {
    return fileBlock + length;
  }

  public boolean isHole() {
    return state == State.HOLE;
  }

  public boolean isWritten() {
    return state == State.WRITTEN;
  }

  /** The device block of {@code block}, which must lie inside this extent and not be a hole. */
  public long physicalOf(long block) {
    if (isHole() || block < fileBlock || block >= end()) {
      throw new IllegalArgumentException("no device block for " + block + " in " + this);
    }
    return physical + (block - fileBlock);
  }

  /** The part inside {@code [from, to)}, which must overlap this extent. */
  public Extent clip(long from, long to) {
    long start = Math.max(fileBlock, from);
    long end = Math.min(end(), to);
    if (start == fileBlock && end == end()) {
      return this;
    }
    return new Extent(start, isHole() ? NO_BLOCK : physicalOf(start), end - start, state);
  }

  public Extent withState(State newState) {
    return new Extent(fileBlock, physical, length, newState);
  }

  /** The same blocks, {@code blocks} later in the file (earlier if negative). */
  public Extent shifted(long blocks) {
    return new Extent(fileBlock + blocks, physical, length, state);
  }

  /** The device blocks of this extent, which must not be a hole. */
  public BlockRun run() {
    return new BlockRun(physical, length);
  }

  /** Whether {@code next} continues this extent both in the file and on the device. */
  public boolean continuedBy(Extent next) {
    return end() == next.fileBlock
        && state == next.state
        && !isHole()
        && physical + length == next.physical;
  }
}
