package io.faultline.engine.pagecache;

/**
 * What is kept of a frame in one int: its place in the eviction policy's queues, and the bit of its
 * slot's index that a byte does not hold ({@link FramePool}).
 *
 * <pre>
 *  31       28 27   25    24    23         12 11          0
 * +-----------+-------+--------+-------------+-------------+
 * | state (4) |   -   | high   | prev (12)   | next (12)   |   has a page
 * +-----------+-------+--------+-------------+-------------+
 * | 0         | the next free frame (28)                   |   free
 * +-----------+--------------------------------------------+
 * </pre>
 *
 * <p>State is the policy's, 0 while the frame is in none of its lists; next and prev are numbers
 * within the frame's set. No two threads write a word at once: a frame that is in no list belongs
 * to whoever took it, and the lists are under one mutex.
 */
final class FrameWord {
  /** Frames of a set, with those that anchor its lists. */
  static final int SET_FRAMES = 1 << 12;

  private static final int FIELD = SET_FRAMES - 1;
  private static final int PREV_SHIFT = 12;
  private static final int HIGH_SHIFT = 24;
  private static final int STATE_SHIFT = 28;
  private static final int FREE_MASK = (1 << STATE_SHIFT) - 1;

  private FrameWord() {}

  static int free(int next) {
    return next;
  }

  static int nextFree(int word) {
    return word & FREE_MASK;
  }

  static int owned(int high) {
    return high << HIGH_SHIFT;
  }

  static int high(int word) {
    return word >>> HIGH_SHIFT & 1;
  }

  static int next(int word) {
    return word & FIELD;
  }

  static int prev(int word) {
    return word >>> PREV_SHIFT & FIELD;
  }

  static int state(int word) {
    return word >>> STATE_SHIFT;
  }

  static int withNext(int word, int next) {
    return (word & ~FIELD) | next;
  }

  static int withPrev(int word, int prev) {
    return (word & ~(FIELD << PREV_SHIFT)) | (prev << PREV_SHIFT);
  }

  static int withState(int word, int state) {
    return (word & FREE_MASK) | (state << STATE_SHIFT);
  }
}
