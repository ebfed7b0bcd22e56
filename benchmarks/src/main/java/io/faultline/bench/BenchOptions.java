package io.faultline.bench;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How long and where to measure.
 *
 * @param directory a directory of the filesystem to compare with; volumes and files are made below
 *     it and removed
 * @param rounds how many are counted; one more warms up
 * @param windowMillis how long one side of a row is measured in a round
 * @param replayEvents how many events the replayed journal has at least
 * @param json where to write the figures as well
 */
public record BenchOptions(
    Path directory, int rounds, int windowMillis, int replayEvents, @Nullable Path json) {

  /** About two minutes. */
  public static BenchOptions normal(Path directory, @Nullable Path json) {
    return new BenchOptions(directory, 7, 1000, 1_000_000, json);
  }

  /** Less than half a minute, for figures to the nearest factor. */
  public static BenchOptions quick(Path directory, @Nullable Path json) {
    return new BenchOptions(directory, 3, 400, 100_000, json);
  }
}
