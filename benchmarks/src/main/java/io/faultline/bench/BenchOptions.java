package io.faultline.bench;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What to measure, how long and where.
 *
 * @param directory a directory of the filesystem to compare with; volumes and files are made below
 *     it and removed
 * @param rounds how many are counted where windows alternate; one more warms up
 * @param forks how many JVMs of JMH each target of the other rows gets
 * @param windowMillis how long one target is measured in a round
 * @param sizes how large the files are: {@code normal}, {@code quick} or {@code tiny}
 * @param rows keys of rows or their beginnings; empty for all
 * @param json where to write the figures as well
 * @param results where to write them for people
 */
public record BenchOptions(
    Path directory,
    int rounds,
    int forks,
    int windowMillis,
    String sizes,
    List<String> rows,
    @Nullable Path json,
    @Nullable Path results) {

  /** About thirteen minutes. */
  public static BenchOptions normal(Path directory) {
    return new BenchOptions(directory, 7, 5, 250, "normal", List.of(), null, null);
  }

  /** Less than three minutes, for figures to the nearest factor. */
  public static BenchOptions quick(Path directory) {
    return new BenchOptions(directory, 3, 2, 80, "quick", List.of(), null, null);
  }

  /** Only these rows. */
  public BenchOptions rows(List<String> only) {
    return new BenchOptions(directory, rounds, forks, windowMillis, sizes, only, json, results);
  }

  /** Written there as well. */
  public BenchOptions writing(@Nullable Path jsonFile, @Nullable Path resultsFile) {
    return new BenchOptions(
        directory, rounds, forks, windowMillis, sizes, rows, jsonFile, resultsFile);
  }
}
