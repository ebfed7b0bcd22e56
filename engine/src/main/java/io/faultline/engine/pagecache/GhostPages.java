package io.faultline.engine.pagecache;

/**
 * Pages that left the cache not long ago, as fingerprints of 2 bytes. First in, first out within
 * each line of 32, which is a cache line; a page's hash says which line is its own. So it holds the
 * last n pages only about, costs nothing but the fingerprints, and a look-up is one memory access.
 * Once in some 2,000 look-ups it takes a page for another, which then stays as one that was wanted
 * twice until MAIN has gone round.
 *
 * <p>Not thread-safe.
 */
final class GhostPages {
  private static final int LINE = 32;

  private final int lines;
  private final char[] prints;

  /**
   * @param pages to remember, about; none if 0
   */
  GhostPages(int pages) {
    this.lines = Math.ceilDiv(pages, LINE);
    this.prints = new char[lines * LINE];
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
    char print = print(hash);
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
  private static char print(long hash) {
    return (char) hash == 0 ? 1 : (char) hash;
  }
}
