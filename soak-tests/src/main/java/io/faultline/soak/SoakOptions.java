package io.faultline.soak;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a soak is asked to do. Immutable.
 *
 * @param duration of the load, set-up and checks excluded
 * @param threads readers, writers and faulters together
 * @param changers threads that change mappings; may be 0
 * @param seed of all choices
 * @param volume where the volume lies and stays, or null for a temporary one
 * @param layout filesystem kind
 * @param guard what keeps fills from destroyers
 * @param importDirectory tree of the host to carry in and to verify at the end, or null
 * @param json where to write the figures, or null
 * @param stuckAfter without any finished operation for so long, the soak calls itself stuck
 * @param shape sizes
 */
public record SoakOptions(
    Duration duration,
    int threads,
    int changers,
    long seed,
    @Nullable Path volume,
    String layout,
    String guard,
    @Nullable Path importDirectory,
    @Nullable Path json,
    Duration stuckAfter,
    SoakShape shape) {

  /** Most threads of either kind. */
  public static final int THREADS_MAX = 1000;

  public SoakOptions {
    if (duration.isNegative() || duration.isZero()) {
      throw new IllegalArgumentException("duration=" + duration + ": must be positive");
    }
    if (threads < 1 || threads > THREADS_MAX) {
      throw new IllegalArgumentException("threads=" + threads + ": allowed are 1 to 1000");
    }
    if (changers < 0 || changers > THREADS_MAX) {
      throw new IllegalArgumentException("changers=" + changers + ": allowed are 0 to 1000");
    }
  }

  /** 60 s, 6 threads, 2 changers, a temporary ext4 volume with the default guard. */
  public static SoakOptions defaults(long seed) {
    return new SoakOptions(
        Duration.ofSeconds(60),
        6,
        2,
        seed,
        null,
        "ext4",
        "mapping-lock",
        null,
        null,
        Duration.ofSeconds(60),
        SoakShape.DEFAULT);
  }

  /** The same with other amounts of load. */
  public SoakOptions load(Duration time, int workers, int mappingChangers) {
    return new SoakOptions(
        time,
        workers,
        mappingChangers,
        seed,
        volume,
        layout,
        guard,
        importDirectory,
        json,
        stuckAfter,
        shape);
  }

  /** The same on another volume. */
  public SoakOptions on(@Nullable Path directory, String kind, String protection) {
    return new SoakOptions(
        duration,
        threads,
        changers,
        seed,
        directory,
        kind,
        protection,
        importDirectory,
        json,
        stuckAfter,
        shape);
  }

  /** The same with other files of the host. */
  public SoakOptions host(@Nullable Path tree, @Nullable Path figures) {
    return new SoakOptions(
        duration, threads, changers, seed, volume, layout, guard, tree, figures, stuckAfter, shape);
  }

  SoakOptions sized(SoakShape size, Duration patience) {
    return new SoakOptions(
        duration,
        threads,
        changers,
        seed,
        volume,
        layout,
        guard,
        importDirectory,
        json,
        patience,
        size);
  }

  /** The command line that does this again on a fresh volume. */
  String command() {
    StringBuilder line = new StringBuilder("./faultline soak --duration ");
    line.append(duration.toMillis()).append("ms");
    line.append(" --threads ").append(threads).append(" --changers ").append(changers);
    line.append(" --seed ").append(seed);
    line.append(" --layout ").append(layout).append(" --guard ").append(guard);
    if (importDirectory != null) {
      line.append(" --import ").append(importDirectory);
    }
    return line.toString();
  }

  /**
   * A time in words: digits and {@code ms}, {@code s}, {@code m} or {@code h}; no suffix means
   * seconds.
   *
   * @throws IllegalArgumentException anything else, or beyond a year
   */
  public static Duration parseDuration(String text) {
    String word = text.strip().toLowerCase(Locale.ROOT);
    int digits = 0;
    while (digits < word.length() && word.charAt(digits) >= '0' && word.charAt(digits) <= '9') {
      digits++;
    }
    long millis =
        switch (word.substring(digits)) {
          case "ms" -> 1;
          case "", "s" -> 1000;
          case "m", "min" -> 60_000;
          case "h" -> 3_600_000;
          default -> 0;
        };
    if (digits == 0 || digits > 12 || millis == 0) {
      throw new IllegalArgumentException(
          "\"" + text + "\" is no duration: digits and ms, s, m or h, such as 60s");
    }
    Duration duration = Duration.ofMillis(Long.parseLong(word.substring(0, digits)) * millis);
    if (duration.compareTo(Duration.ofDays(366)) > 0) {
      throw new IllegalArgumentException("\"" + text + "\" is more than a year");
    }
    return duration;
  }
}
