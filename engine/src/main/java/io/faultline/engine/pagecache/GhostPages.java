package io.faultline.engine.pagecache;

/**
 * Pages that left the cache not long ago, as fingerprints of 4 bytes. First in, first out within
 * each line of 16, which is a cache line; a page's hash says which line is its own. So it holds the
 * last n pages only about, costs nothing but the fingerprints, and a look-up is one memory access.
 * Once in some 2^28 look-ups it takes a page for another, which then lives longer than it ought to.
 *
 * <p>Not thread-safe.
 */
final class GhostPages {
  private static final int LINE = 16;

  private final int lines;
  private final int[] prints;

  /**
   * @param pages to remember, about; none if 0
   */
  GhostPages(int pages) {
    this.lines = Math.ceilDiv(pages, LINE);
    this.prints = new int[lines * LINE];
  }

  /** Remembers the page with this hash; its line forgets the oldest it has. */
  void add(long hash) {
    if (lines > 0) {
      int line = line(hash);
      System.arraycopy(prints, line, prints, line + 1, LINE - 1);
      prints[line] = print(hash);
    }
  }

  /** Whether the page is remembered; it is no longer, then. */
  boolean remove(long hash) {
    if (lines == 0) {
      return false;
    }
    int line = line(hash);
    int print = print(hash);
    for (int i = line; i < line + LINE; i++) {
      if (prints[i] == print) {
        System.arraycopy(prints, i + 1, prints, i, line + LINE - 1 - i);
        prints[line + LINE - 1] = 0;
        return true;
      }
    }
    return false;
  }

  private int line(long hash) {
    return (int) (((hash >>> 32) * lines) >>> 32) * LINE;
  }

  /** 0 stands for nothing. */
  private static int print(long hash) {
    return (int) hash == 0 ? 1 : (int) hash;
  }
}
