package io.faultline.engine.pagecache;

/**
 * The 64-bit word of one page slot (rule R6).
 *
 * <pre>
 *  63           36 35            8   7     6        5       4     3         2     1        0
 * +---------------+---------------+----+--------+-------+---+---------+-----+--------+----+
 * | frame (28)    | version (28)  |HOLE|RESERVED|WAITERS|REF|WRITEBACK|DIRTY|UPTODATE|LOCK|
 * +---------------+---------------+----+--------+-------+---+---------+-----+--------+----+
 * </pre>
 *
 * <table>
 * <caption>States</caption>
 * <tr><th>state</th><th>frame</th><th>flags</th><th>who may leave it</th></tr>
 * <tr><td>empty</td><td>0</td><td>–</td><td>a fill or write, mapping lock shared</td></tr>
 * <tr><td>filling</td><td>f</td><td>LOCK</td><td>the filler</td></tr>
 * <tr><td>hole</td><td>0</td><td>HOLE UPTODATE</td><td>a write; a destroyer</td></tr>
 * <tr><td>clean</td><td>f</td><td>UPTODATE</td><td>a write, a destroyer, the evictor</td></tr>
 * <tr><td>dirty</td><td>f</td><td>UPTODATE DIRTY</td><td>writeback, a destroyer</td></tr>
 * <tr><td>writeback</td><td>f</td><td>UPTODATE WRITEBACK</td><td>its writeback, only</td></tr>
 * <tr><td>dead</td><td>all ones</td><td>LOCK</td><td>nobody; the leaf left its table</td></tr>
 * </table>
 *
 * <p>The version moves whenever the bytes behind the slot may have changed, so a reader that copied
 * and finds frame and version as before has copied one version of the page.
 */
final class SlotWord {
  static final long LOCK = 1;
  static final long UPTODATE = 1 << 1;
  static final long DIRTY = 1 << 2;
  static final long WRITEBACK = 1 << 3;
  static final long REF = 1 << 4;
  static final long WAITERS = 1 << 5;

  /** The page holds a reservation of one block (rule R20). */
  static final long RESERVED = 1 << 6;

  static final long HOLE = 1 << 7;

  private static final int VERSION_SHIFT = 8;
  private static final int FRAME_SHIFT = 36;
  private static final long FIELD = (1L << 28) - 1;
  private static final long VERSION_MASK = FIELD << VERSION_SHIFT;

  /** Frames are numbered from 1 to this. */
  static final int FRAME_MAX = (int) FIELD - 1;

  static final long DEAD = (FIELD << FRAME_SHIFT) | LOCK;

  /** What may change under a reader without changing what it reads. */
  static final long IGNORED_BY_READERS = REF | DIRTY | WRITEBACK | WAITERS | RESERVED;

  private SlotWord() {}

  static int frame(long word) {
    return (int) (word >>> FRAME_SHIFT);
  }

  static boolean is(long word, long flag) {
    return (word & flag) != 0;
  }

  static boolean isDead(long word) {
    return word == DEAD;
  }

  /** Neither a frame nor a known hole. */
  static boolean isEmpty(long word) {
    return frame(word) == 0 && !is(word, HOLE);
  }

  /** A slot of no page, at the version after {@code word}'s. */
  static long emptied(long word) {
    return nextVersion(word) & VERSION_MASK;
  }

  /** {@code word}'s slot being filled into {@code frame}. */
  static long filling(long word, int frame) {
    return (nextVersion(word) & VERSION_MASK) | ((long) frame << FRAME_SHIFT) | LOCK;
  }

  /** {@code word}'s slot known to be a hole. */
  static long hole(long word) {
    return (nextVersion(word) & VERSION_MASK) | HOLE | UPTODATE;
  }

  static long nextVersion(long word) {
    return (word & ~VERSION_MASK) | ((word + (1L << VERSION_SHIFT)) & VERSION_MASK);
  }

  static long version(long word) {
    return (word & VERSION_MASK) >>> VERSION_SHIFT;
  }

  static long ofVersion(long version) {
    return (version << VERSION_SHIFT) & VERSION_MASK;
  }

  static String text(long word) {
    if (isDead(word)) {
      return "DEAD";
    }
    StringBuilder text = new StringBuilder();
    text.append("frame=").append(frame(word)).append(" version=").append(version(word));
    String[] names = {
      "LOCK", "UPTODATE", "DIRTY", "WRITEBACK", "REF", "WAITERS", "RESERVED", "HOLE"
    };
    for (int bit = 0; bit < names.length; bit++) {
      if (is(word, 1L << bit)) {
        text.append(' ').append(names[bit]);
      }
    }
    return text.toString();
  }
}
