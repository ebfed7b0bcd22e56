package io.faultline.bench;

import java.util.List;

/**
 * One line of the comparison.
 *
 * @param key its name for programs and for {@code --rows}
 * @param title its name for people
 * @param targets the engine and those it is compared with
 * @param work what is done
 * @param setup in what kind of JVM it is measured
 * @param idleCores how many cores nobody else may use; with less the figures say nothing
 * @param windows how much longer than others a window is
 * @param goals what the engine is to reach
 * @param usual what peers were found to take before, to notice a machine or a run that is odd
 */
record Row(
    String key,
    String title,
    List<String> targets,
    Work work,
    Setup setup,
    int idleCores,
    int windows,
    List<Goal> goals,
    List<Usual> usual) {

  /** JVMs of one kind. */
  enum Setup {
    /** A JVM of JMH for each round; everything fits into the cache. */
    FORKED(1536L << 20, false),
    /**
     * Everything fits into the cache, also what is overwritten into the quarter of it that may stay
     * unwritten: a host with this much memory writes nothing back either.
     */
    CACHED(1536L << 20, false),
    /** Everything fits, and the engine counts what it counts only while it checks itself. */
    COUNTING(64L << 20, true),
    /** Next to nothing does. */
    MISSING(16L << 20, false),
    /** The cache that a user has who says nothing. */
    USUAL(256L << 20, false);

    final long cacheBytes;
    final boolean checks;

    Setup(long cacheBytes, boolean checks) {
      this.cacheBytes = cacheBytes;
      this.checks = checks;
    }
  }

  /**
   * A peer's figure as a multiple of another's, as it was found when the goals were set.
   *
   * @param base the other; the peer itself if the figure is a ratio already
   */
  record Usual(String peer, String base, String figure, double ratio) {
    /** Its time for a call, as a multiple of that of copying. */
    static Usual ofFloor(String peer, double ratio) {
      return new Usual(peer, Targets.FLOOR, "ns", ratio);
    }
  }

  /** A row without goals whose targets have one window of the usual length and need one core. */
  static Row of(String key, String title, List<String> targets, Work work) {
    Setup setup = work instanceof Forks ? Setup.FORKED : Setup.CACHED;
    return new Row(key, title, targets, work, setup, 1, 1, List.of(), List.of());
  }

  /** In JVMs of that kind. */
  Row in(Setup kind) {
    return new Row(key, title, targets, work, kind, idleCores, windows, goals, usual);
  }

  /** Refused while others use cores, if {@code cores} is more than one. */
  Row needing(int cores) {
    return new Row(key, title, targets, work, setup, cores, windows, goals, usual);
  }

  /** With windows {@code times} as long. */
  Row longer(int times) {
    return new Row(key, title, targets, work, setup, idleCores, times, goals, usual);
  }

  /** With these goals. */
  Row reaching(Goal... some) {
    return new Row(key, title, targets, work, setup, idleCores, windows, List.of(some), usual);
  }

  /** Believed where peers are as they were. */
  Row where(Usual... some) {
    return new Row(key, title, targets, work, setup, idleCores, windows, goals, List.of(some));
  }
}
