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
 * eviction. The queues are lists, exact at any moment: a page that is destroyed takes its place in
 * the queue along, and no entry can speak of the next page in its frame. Every operation is O(1),
 * an eviction amortised: each step of it uses up a use, an insertion or a time of becoming dirty,
 * and it goes no further than {@link #STEPS_MAX}.
 *
 * <p><b>Sets.</b> Frames are dealt out, {@value #GROUP} side by side at a time, to sets of at most
 * {@value #SET_FRAMES_MAX}, each with queues of its own that evictions come to in turn. So a link
 * is 12 bits, and all that is kept of a frame is one {@link FrameWord}, beside 2 bytes of the
 * ghost; and since a set gets a new page only for one that left it, all keep their pages equally
 * long. A set is large enough that what it has of hot pages is close to its share, and that a turn
 * is little of it. (Sets of 500 miss 73 % of a loop over half as much again as the cache, where one
 * set misses 53 %: evictions one after the other of 3 % of a set go through all that are in use.)
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

  /** Frames that stay together: pages brought in together leave together, so theirs should too. */
  private static final int GROUP_SHIFT = 4;

  private static final int GROUP = 1 << GROUP_SHIFT;

  /** What is left of a set's numbers when its lists have their anchors. */
  private static final int SET_FRAMES_MAX = FrameWord.SET_FRAMES - GROUP;

  private final Pages pages;
  private final GhostPages ghost;

  /** By frame: {@link FrameWord}. */
  private final int[] words;

  private final Queues[] sets;

  /** The set to evict from next. */
  private int turn;

  /** Pages it has given since its turn began: all give the same number in theirs. */
  private int given;

  /** Victims of the eviction that goes on, and whether it met any page that is not busy. */
  private int found;

  private boolean moved;

  /**
   * @param frames numbered from 1
   */
  EvictionPolicy(int frames, Pages pages) {
    this(frames, pages, new int[frames + 1]);
  }

  /** The same in an array by frame, where others link frames without a page. */
  EvictionPolicy(int frames, Pages pages, int[] words) {
    this(frames, pages, words, frames, Math.max(1, frames / 20));
  }

  /** With another ghost or window, as tests want it that show what they are for. */
  EvictionPolicy(int frames, Pages pages, int ghosts, int window) {
    this(frames, pages, new int[frames + 1], ghosts, window);
  }

  private EvictionPolicy(int frames, Pages pages, int[] words, int ghosts, int window) {
    this.pages = pages;
    this.words = words;
    this.ghost = new GhostPages(ghosts);
    int groups = Math.ceilDiv(frames, GROUP);
    this.sets = new Queues[Math.ceilDiv(groups, SET_FRAMES_MAX / GROUP)];
    for (int set = 0; set < sets.length; set++) {
      int count = 0;
      for (int group = set; group < groups; group += sets.length) {
        count += Math.min(GROUP, frames - group * GROUP);
      }
      sets[set] = new Queues(set, count, (int) Math.ceilDiv((long) window * count, (long) frames));
    }
  }

  private Queues setOf(int frame) {
    return sets[((frame - 1) >>> GROUP_SHIFT) % sets.length];
  }

  /**
   * A new page is in {@code frame}.
   *
   * @param asked whether somebody asked for this page, rather than for one before it
   * @param used whether he is about to use it; such a use is the insertion itself
   */
  void inserted(int frame, boolean asked, boolean used) {
    setOf(frame).inserted(frame, asked, used);
  }

  /** The page in {@code frame} has left, or is about to, otherwise than by {@link #evict}. */
  void removed(int frame) {
    setOf(frame).removed(frame);
  }

  /** The page in {@code frame} is clean now. */
  void cleaned(int frame) {
    setOf(frame).cleaned(frame);
  }

  /**
   * Evicts up to {@code max} pages.
   *
   * @param victims receives their frames
   * @return how many; 0 if more calls are needed to find one; {@link #NOTHING}
   */
  int evict(int[] victims, int max) {
    int steps = STEPS_MAX;
    found = 0;
    moved = false;
    for (int barren = 0; found < max && steps > 0 && barren < sets.length; ) {
      int before = found;
      steps = sets[turn].evict(victims, Math.min(max, found + GROUP - given), steps);
      given += found - before;
      boolean none = found == before;
      barren = none ? barren + 1 : 0;
      if (none || given == GROUP) {
        int next = turn + 1 == sets.length ? 0 : turn + 1;
        turn = none || !Mutant.SETS_TAKE_NO_TURNS.on() ? next : turn;
        given = 0;
      }
    }
    return found > 0 || moved ? found : NOTHING;
  }

  /** One set's queues. */
  private final class Queues {
    /** Behind all frames of the set. */
    private static final int ANCHORS = FrameWord.SET_FRAMES - 1 - MAIN;

    private final int set;
    private final int smallTarget;
    private final int windowMax;

    /** Words of the anchors and lengths of the lists. */
    private final int[] anchors = new int[MAIN + 1];

    private final int[] size = new int[MAIN + 1];
    private int parkedSmall;

    Queues(int set, int frames, int windowMax) {
      this.set = set;
      this.smallTarget = Math.max(1, frames / 10);
      this.windowMax = windowMax;
      for (int list = WINDOW; list <= MAIN; list++) {
        int anchor = ANCHORS + list;
        anchors[list] = FrameWord.withPrev(FrameWord.withNext(0, anchor), anchor);
      }
    }

    void inserted(int frame, boolean asked, boolean used) {
      if (state(frame) != NONE) {
        throw new IllegalStateException("frame " + frame + " is queued, state " + state(frame));
      }
      if ((asked && ghost.remove(pages.identity(frame))) || Mutant.SCANS_REACH_MAIN.on()) {
        append(frame, MAIN);
      } else {
        append(frame, WINDOW);
        setState(frame, used ? WINDOW : WINDOW | UNUSED);
        trimWindow();
      }
    }

    void removed(int frame) {
      int state = state(frame);
      if ((state & PARKED) != 0) {
        parkedSmall -= (state & LIST) == MAIN ? 0 : 1;
        setState(frame, NONE);
      } else if (state != NONE) {
        unlink(frame);
      }
    }

    void cleaned(int frame) {
      if ((state(frame) & PARKED) != 0 && !Mutant.CLEANED_PAGE_LOST.on()) {
        int list = state(frame) & LIST;
        parkedSmall -= list == MAIN ? 0 : 1;
        link(frame, list == MAIN ? MAIN : SMALL, ANCHORS + (list == MAIN ? MAIN : SMALL));
      }
    }

    /**
     * Evicts until there are {@code max} victims, if it can.
     *
     * @return what is left of {@code steps}
     */
    int evict(int[] victims, int max, int steps) {
      int spared = 0;
      int busySmall = 0;
      int busyMain = 0;
      int left = steps;
      for (; found < max && left > 0; left--) {
        int list = victimList(busySmall, busyMain);
        if (list == NONE) {
          break;
        }
        int frame = frame(FrameWord.next(anchors[list]));
        Pages.Answer answer = pages.evict(frame, list != MAIN || spared < SPARED_MAX);
        moved |= answer != Pages.Answer.BUSY;
        switch (answer) {
          case EVICTED -> {
            // Who asks for a page that was brought in too early asks for it the first time.
            if (list != MAIN && (state(frame) & UNUSED) == 0) {
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
      return left;
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
      if ((state(frame) & UNUSED) != 0) {
        // As a fill on demand: used once, which is the least that any page is.
        move(frame, WINDOW);
        trimWindow();
      } else {
        move(frame, MAIN);
      }
    }

    private void trimWindow() {
      while (size[WINDOW] > windowMax) {
        int frame = frame(FrameWord.next(anchors[WINDOW]));
        int unused = pages.takeReference(frame) ? 0 : state(frame) & UNUSED;
        move(frame, SMALL);
        setState(frame, SMALL | unused);
      }
    }

    private void park(int frame) {
      int list = state(frame) & LIST;
      unlink(frame);
      parkedSmall += list == MAIN ? 0 : 1;
      setState(frame, list | PARKED);
    }

    // Lists, of the frames' numbers within the set.

    private int frame(int number) {
      int group = (number >>> GROUP_SHIFT) * sets.length + set;
      return ((group << GROUP_SHIFT) | (number & (GROUP - 1))) + 1;
    }

    private int number(int frame) {
      int group = (frame - 1) >>> GROUP_SHIFT;
      return ((group / sets.length) << GROUP_SHIFT) | ((frame - 1) & (GROUP - 1));
    }

    private int word(int number) {
      return number > ANCHORS ? anchors[number - ANCHORS] : words[frame(number)];
    }

    private void setWord(int number, int word) {
      if (number > ANCHORS) {
        anchors[number - ANCHORS] = word;
      } else {
        words[frame(number)] = word;
      }
    }

    private int state(int frame) {
      return FrameWord.state(words[frame]);
    }

    private void setState(int frame, int state) {
      words[frame] = FrameWord.withState(words[frame], state);
    }

    private void append(int frame, int list) {
      link(frame, list, FrameWord.prev(anchors[list]));
    }

    private void move(int frame, int list) {
      unlink(frame);
      append(frame, list);
    }

    private void link(int frame, int list, int before) {
      int number = number(frame);
      int after = FrameWord.next(word(before));
      int word = FrameWord.withPrev(FrameWord.withNext(words[frame], after), before);
      words[frame] = FrameWord.withState(word, list);
      setWord(before, FrameWord.withNext(word(before), number));
      setWord(after, FrameWord.withPrev(word(after), number));
      size[list]++;
    }

    private void unlink(int frame) {
      int word = words[frame];
      int before = FrameWord.prev(word);
      int after = FrameWord.next(word);
      setWord(before, FrameWord.withNext(word(before), after));
      setWord(after, FrameWord.withPrev(word(after), before));
      size[FrameWord.state(word) & LIST]--;
      setState(frame, NONE);
    }
  }
}
