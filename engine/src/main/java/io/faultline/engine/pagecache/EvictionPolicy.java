package io.faultline.engine.pagecache;

import io.faultline.engine.runtime.Mutant;

/**
 * Which page leaves the cache next: S3-FIFO with the correlation window of Clock2Q+.
 *
 * <pre>
 *               window end: uses so far are forgotten
 *                      v
 *  new page --> [ WINDOW ][ SMALL ] --not used--> out, remembered in the {@link GhostPages}
 *                              |
 *                              +-----used----> [ MAIN ] --not used--> out
 *  new page the ghost knows ------------------->   ^ used: once more
 * </pre>
 *
 * <p>A page used once, by one call or by several in a row, passes through WINDOW and SMALL, a tenth
 * of the frames, and leaves MAIN alone: that is what makes scans harmless. Uses inside WINDOW, half
 * of that tenth, do not count, because a page read in several small calls is not a page read often.
 * What is wanted again soon after it left goes to MAIN at once. Pages of readahead nobody has used
 * yet; their first use outside WINDOW counts for as much as a fill on demand.
 *
 * <p>A page that is not clean leaves its queue when an eviction meets it and comes back, to be the
 * next one, when it is clean ({@link #cleaned}), so dirty pages are met once each, not once an
 * eviction. The queues are lists through two arrays, exact at any moment: a page that is destroyed
 * takes its place in the queue along, and no entry can speak of the next page in its frame. (Rings
 * of frame numbers take as much memory, but keep such entries.) 9 bytes per frame, and 4 of the
 * ghost. Every operation is O(1), an eviction amortised: each step of it uses up a use, an
 * insertion or a time of becoming dirty, and it goes no further than {@link #STEPS_MAX}.
 *
 * <p>Knows nothing of slots: {@link Pages} answers for the page in a frame. Not thread-safe.
 */
final class EvictionPolicy {
  /** What the policy asks of whoever holds the pages. */
  interface Pages {
    /** What became of a page that was to go. */
    enum Answer {
      /** It went; the frame is the caller's of {@link EvictionPolicy#evict}. */
      EVICTED,
      /** It was used since it was asked for last, which is forgotten now. */
      REFERENCED,
      /** Somebody has it locked, for a moment. */
      BUSY,
      /** It has to be written first; {@link EvictionPolicy#cleaned} will be called. */
      UNCLEAN,
      /** It left already; {@link EvictionPolicy#removed} is on its way. */
      GONE
    }

    /** Takes the page out of {@code frame} if it is clean, and not used or not to be spared. */
    Answer evict(int frame, boolean spareReferenced);

    /** Whether the page in {@code frame} was used since this was asked last. */
    boolean takeReference(int frame);

    /** A hash of which page is, or was until a moment ago, in {@code frame}; all bits of use. */
    long identity(int frame);
  }

  /** The answer of {@link #evict} when all pages that could go are busy. */
  static final int NOTHING = -1;

  /** Pages one call of {@link #evict} looks at; a few tens of microseconds. */
  static final int STEPS_MAX = 1_024;

  /** Used pages of MAIN spared in a row; if all of it is in use, the next one goes all the same. */
  private static final int SPARED_MAX = 256;

  private static final int NONE = 0;
  private static final int WINDOW = 1;
  private static final int SMALL = 2;
  private static final int MAIN = 3;
  private static final int LIST = 3;

  /** In no list until it is clean; the list bits say where it was. */
  private static final int PARKED = 4;

  /** Brought in ahead of its first use. */
  private static final int UNUSED = 8;

  private final Pages pages;
  private final int frames;
  private final int smallTarget;
  private final int windowMax;
  private final GhostPages ghost;

  /** By frame; behind the frames the anchor of each list. */
  private final int[] next;

  private final int[] prev;
  private final byte[] state;
  private final int[] size = new int[LIST + 1];
  private int parkedSmall;

  /**
   * @param frames numbered from 1
   */
  EvictionPolicy(int frames, Pages pages) {
    this(frames, pages, new int[links(frames)]);
  }

  /**
   * The same in an array of {@link #links} that others use for frames without a page; here a link
   * is read only of frames that are in a queue.
   */
  EvictionPolicy(int frames, Pages pages, int[] next) {
    this(frames, pages, next, frames, Math.max(1, frames / 20));
  }

  static int links(int frames) {
    return frames + 1 + MAIN;
  }

  /** With another ghost or window, as tests want it that show what they are for. */
  EvictionPolicy(int frames, Pages pages, int ghosts, int window) {
    this(frames, pages, new int[links(frames)], ghosts, window);
  }

  private EvictionPolicy(int frames, Pages pages, int[] next, int ghosts, int window) {
    this.pages = pages;
    this.frames = frames;
    this.smallTarget = Math.max(1, frames / 10);
    this.windowMax = window;
    this.ghost = new GhostPages(ghosts);
    this.next = next;
    this.prev = new int[links(frames)];
    this.state = new byte[frames + 1];
    for (int list = WINDOW; list <= MAIN; list++) {
      next[anchor(list)] = anchor(list);
      prev[anchor(list)] = anchor(list);
    }
  }

  /**
   * A new page is in {@code frame}.
   *
   * @param asked whether somebody asked for this page, rather than for one before it
   * @param used whether he is about to use it; such a use is the insertion itself
   */
  void inserted(int frame, boolean asked, boolean used) {
    if (state[frame] != NONE) {
      throw new IllegalStateException("frame " + frame + " is queued, state " + state[frame]);
    }
    if ((asked && ghost.remove(pages.identity(frame))) || Mutant.SCANS_REACH_MAIN.on()) {
      append(frame, MAIN);
    } else {
      append(frame, WINDOW);
      state[frame] |= (byte) (used ? 0 : UNUSED);
      trimWindow();
    }
  }

  /** The page in {@code frame} has left, or is about to, otherwise than by {@link #evict}. */
  void removed(int frame) {
    if ((state[frame] & PARKED) != 0) {
      parkedSmall -= (state[frame] & LIST) == MAIN ? 0 : 1;
      state[frame] = NONE;
    } else if (state[frame] != NONE) {
      unlink(frame);
    }
  }

  /** The page in {@code frame} is clean now. */
  void cleaned(int frame) {
    if ((state[frame] & PARKED) != 0 && !Mutant.CLEANED_PAGE_LOST.on()) {
      int list = state[frame] & LIST;
      parkedSmall -= list == MAIN ? 0 : 1;
      link(frame, list == MAIN ? MAIN : SMALL, anchor(list == MAIN ? MAIN : SMALL));
    }
  }

  /**
   * Evicts up to {@code max} pages.
   *
   * @param victims receives their frames
   * @return how many; 0 if more calls are needed to find one; {@link #NOTHING}
   */
  int evict(int[] victims, int max) {
    int found = 0;
    int spared = 0;
    int busySmall = 0;
    int busyMain = 0;
    boolean moved = false;
    for (int steps = 0; found < max && steps < STEPS_MAX; steps++) {
      int list = victimList(busySmall, busyMain);
      if (list == NONE) {
        break;
      }
      int frame = next[anchor(list)];
      Pages.Answer answer = pages.evict(frame, list != MAIN || spared < SPARED_MAX);
      moved |= answer != Pages.Answer.BUSY;
      switch (answer) {
        case EVICTED -> {
          // Who asks for a page that was brought in too early asks for it the first time.
          if (list != MAIN && (state[frame] & UNUSED) == 0) {
            ghost.add(pages.identity(frame));
          }
          unlink(frame);
          victims[found++] = frame;
          spared = 0;
        }
        case REFERENCED -> {
          spared += list == MAIN ? 1 : 0;
          used(frame);
        }
        case UNCLEAN -> park(frame);
        case GONE -> unlink(frame);
        case BUSY -> {
          busySmall += list == MAIN ? 0 : 1;
          busyMain += list == MAIN ? 1 : 0;
          move(frame, list);
        }
      }
    }
    return found > 0 || moved ? found : NOTHING;
  }

  /** Where the next to go stands; NONE if all have been found busy. */
  private int victimList(int busySmall, int busyMain) {
    int small = size[WINDOW] + size[SMALL];
    boolean hasSmall = small > busySmall;
    boolean hasMain = size[MAIN] > busyMain;
    if (hasSmall && (small + parkedSmall >= smallTarget || !hasMain)) {
      return size[SMALL] > 0 ? SMALL : WINDOW;
    }
    return hasMain ? MAIN : NONE;
  }

  private void used(int frame) {
    if ((state[frame] & UNUSED) != 0) {
      // As a fill on demand: used once, which is the least that any page is.
      move(frame, WINDOW);
      trimWindow();
    } else {
      move(frame, MAIN);
    }
  }

  private void trimWindow() {
    while (size[WINDOW] > windowMax) {
      int frame = next[anchor(WINDOW)];
      int unused = pages.takeReference(frame) ? 0 : state[frame] & UNUSED;
      move(frame, SMALL);
      state[frame] |= (byte) unused;
    }
  }

  private void park(int frame) {
    int list = state[frame] & LIST;
    unlink(frame);
    parkedSmall += list == MAIN ? 0 : 1;
    state[frame] = (byte) (list | PARKED);
  }

  // Lists.

  private int anchor(int list) {
    return frames + list;
  }

  private void append(int frame, int list) {
    link(frame, list, prev[anchor(list)]);
  }

  private void move(int frame, int list) {
    unlink(frame);
    append(frame, list);
  }

  private void link(int frame, int list, int before) {
    int after = next[before];
    prev[frame] = before;
    next[frame] = after;
    next[before] = frame;
    prev[after] = frame;
    state[frame] = (byte) list;
    size[list]++;
  }

  private void unlink(int frame) {
    next[prev[frame]] = next[frame];
    prev[next[frame]] = prev[frame];
    size[state[frame] & LIST]--;
    state[frame] = NONE;
  }
}
