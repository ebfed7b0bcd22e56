package io.faultline.engine.pagecache;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * How one open file is being read, and so what to read before it is asked for (Linux {@code
 * file_ra_state}, mm/readahead.c). The page cache of the host is not used, so nobody else does it.
 *
 * <pre>
 *            first page not asked for: its first use starts the windows behind
 *                  ▼
 *  ──┤ asked for   │ window │ window │ window │ window │──►
 *    page        trigger                               next
 * </pre>
 *
 * <p>A miss where the last window ended is sequential: its window is twice the last. From the first
 * use of a page that was not asked for, windows are kept under way until {@value #WINDOWS_AHEAD} of
 * them lie ahead of the reader, and again whenever he has used one. A reader who keeps up with the
 * device so never waits for a request to begin, only for one to end.
 *
 * <p>Fields are racy: several readers of one open file may lose each other's updates, which costs a
 * window and never a byte. Only one of them starts the next windows. Thread-safe.
 */
public final class Readahead {
  /** What was announced, posix_fadvise(2). */
  public enum Pattern {
    /** Find out. */
    NORMAL,
    /** In order: every miss begins a window of the largest size. */
    SEQUENTIAL,
    /** Nothing but what is asked for. */
    RANDOM
  }

  /** 1 MiB: where a request's own costs no longer matter (measured: 2 to 4 of them under way). */
  static final int WINDOW_PAGES_MAX = 256;

  static final int WINDOW_PAGES_MIN = 8;
  static final int WINDOWS_AHEAD = 4;

  /**
   * Of the cache: what lies ahead of three streams has room where the eviction policy keeps pages
   * that were not used yet, a tenth of the frames.
   */
  private static final int FRAMES_PER_WINDOW_PAGE = 128;

  private static final long NEVER = Long.MAX_VALUE;

  private static final VarHandle TRIGGER;

  static {
    try {
      TRIGGER = MethodHandles.lookup().findVarHandle(Readahead.class, "trigger", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private volatile Pattern pattern = Pattern.NORMAL;

  /** The page behind the last window. */
  private volatile long next;

  private volatile int window;
  private volatile long trigger = NEVER;

  /** Announces how the file will be read. */
  public void set(Pattern announced) {
    pattern = announced;
    if (announced == Pattern.RANDOM) {
      trigger = NEVER;
    }
  }

  /**
   * A read of {@code asked} pages misses {@code page}.
   *
   * @param frames of the cache
   * @return how many pages to fill from there, at least 1; those not asked for are readahead
   */
  int missed(long page, int asked, int frames) {
    int most = Math.min(WINDOW_PAGES_MAX, Math.max(1, frames / FRAMES_PER_WINDOW_PAGE));
    Pattern how = pattern;
    boolean follows = page == next && page != 0;
    boolean sequential = how == Pattern.SEQUENTIAL || (how == Pattern.NORMAL && follows);
    int pages = Math.min(asked, most);
    if (sequential) {
      int grown = how == Pattern.SEQUENTIAL ? most : Math.max(WINDOW_PAGES_MIN, 2 * window);
      pages = Math.max(pages, Math.min(most, grown));
    }
    window = pages;
    next = page + pages;
    trigger = sequential ? page + Math.min(asked, pages) : NEVER;
    return pages;
  }

  /** A destroyer cut a window short: what it covers will be missed again. */
  void cutAt(long page) {
    next = page;
  }

  /** Whether the first use of {@code page} is the moment to start more windows. */
  boolean isDue(long page) {
    return page >= trigger;
  }

  /** Keeps windows under way in front of {@code page}; one of several callers does it. */
  void advance(PageCache cache, Mapping m, long page) {
    long due = trigger;
    if (page < due || page >= next || !TRIGGER.compareAndSet(this, due, NEVER)) {
      return;
    }
    int most = Math.min(WINDOW_PAGES_MAX, Math.max(1, cache.frames() / FRAMES_PER_WINDOW_PAGE));
    int pages = Math.min(most, 2 * window);
    window = pages;
    try {
      m.backing.pin("readahead");
      try {
        trigger = start(cache, m, page, pages);
      } finally {
        m.backing.unpin();
      }
    } catch (IOException e) {
      // Whoever asks for these pages meets it himself. No trigger: the next miss sets one.
    }
  }

  private long start(PageCache cache, Mapping m, long page, int pages) throws IOException {
    long end = m.endPage();
    long from = next;
    while (from < Math.min(end, page + (long) WINDOWS_AHEAD * pages)) {
      long reached = cache.filler().fill(m, from, (int) Math.min(pages, end - from), 0, this);
      if (reached == Filler.CACHED) {
        break;
      }
      from = reached;
    }
    next = from;
    return from < end ? page + pages : NEVER;
  }
}
