package io.faultline.bench;

import java.util.List;

/**
 * One line of the comparison.
 *
 * @param key its name for programs and for {@code --rows}
 * @param title its name for people
 * @param setup in what kind of JVM it is measured
 * @param targets the engine and those it is compared with
 * @param work what is done
 * @param idleCores how many cores nobody else may use; with less the figures say nothing
 * @param windows how much longer than others a window is
 * @param goals what the engine is to reach
 * @param usual what peers were found to take before, to notice a machine or a run that is odd
 */
record Row(
    String key,
    String title,
    Setup setup,
    List<String> targets,
    Work work,
    int idleCores,
    int windows,
    List<Goal> goals,
    List<Usual> usual) {

  /** JVMs of one kind. */
  enum Setup {
    /**
     * Everything fits into the cache, also what is overwritten into the quarter of it that may stay
     * unwritten: a host with this much memory writes nothing back either.
     */
    CACHED(1536L << 20, false),
    /** Next to nothing does. */
    MISSING(16L << 20, false),
    /** Everything fits, and the engine counts what it counts only while it checks itself. */
    COUNTING(64L << 20, true);

    final long cacheBytes;
    final boolean checks;

    Setup(long cacheBytes, boolean checks) {
      this.cacheBytes = cacheBytes;
      this.checks = checks;
    }
  }

  /**
   * A peer's time as a multiple of another's, as it was found when the goals were set.
   *
   * @param figure which time
   */
  record Usual(String peer, String base, String figure, double ratio) {
    static Usual ofFloor(String peer, double ratio) {
      return new Usual(peer, Targets.FLOOR, "ns", ratio);
    }
  }
}
