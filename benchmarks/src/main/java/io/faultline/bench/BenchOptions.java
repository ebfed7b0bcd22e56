package io.faultline.bench;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What to measure, how long and where.
 *
 * @param directory a directory of the filesystem to compare with; volumes and files are made below
 *     it and removed
 * @param rounds how many are counted; one more warms up
 * @param windowMillis how long one side of a row about syncs is measured in a round
 * @param peerMillis the same for the rows with several peers
 * @param replayEvents how many events the replayed journal has at least
 * @param sizes how large the files are: {@code normal}, {@code quick} or {@code tiny}
 * @param rows keys of rows or groups; empty for all
 * @param json where to write the figures as well
 * @param results where to write them for people
 */
public record BenchOptions(
    Path directory,
    int rounds,
    int windowMillis,
    int peerMillis,
    int replayEvents,
    String sizes,
    List<String> rows,
    @Nullable Path json,
    @Nullable Path results) {

  /** About ten minutes. */
  public static BenchOptions normal(Path directory) {
    return new BenchOptions(directory, 7, 1000, 250, 1_000_000, "normal", List.of(), null, null);
  }

  /** Less than three minutes, for figures to the nearest factor. */
  public static BenchOptions quick(Path directory) {
    return new BenchOptions(directory, 3, 400, 120, 100_000, "quick", List.of(), null, null);
  }

  /** Only these rows. */
  public BenchOptions rows(List<String> only) {
    return new BenchOptions(
        directory, rounds, windowMillis, peerMillis, replayEvents, sizes, only, json, results);
  }

  /** Written there as well. */
  public BenchOptions writing(@Nullable Path jsonFile, @Nullable Path resultsFile) {
    return new BenchOptions(
        directory,
        rounds,
        windowMillis,
        peerMillis,
        replayEvents,
        sizes,
        rows,
        jsonFile,
        resultsFile);
  }
}
