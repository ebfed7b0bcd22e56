package io.faultline.engine.lock;

/**
 * Pages of one file.
 *
 * @param from first page
 * @param to end of the range, greater than {@code from}; {@link Long#MAX_VALUE} for everything
 *     behind {@code from}
 */
public record PageRange(long from, long to) {
  /** All pages of a file. */
  public static final PageRange ALL = new PageRange(0, Long.MAX_VALUE);

  /** Refuses what is empty or negative. */
  public PageRange {
    if (from < 0 || from >= to) {
      throw new IllegalArgumentException("pages [" + from + ", " + to + ")");
    }
  }

  @Override
  public String toString() {
    return "[" + from + ", " + (to == Long.MAX_VALUE ? "end" : to) + ")";
  }
}
