package io.faultline.cli;

import io.faultline.bench.BenchOptions;
import io.faultline.bench.BenchRun;
import io.faultline.engine.runtime.Yield;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench}: the engine measured beside what a user would pick instead. */
@Command(
    name = "bench",
    description = {
      "Measures the engine beside the host's filesystem, mapped files, in-memory filesystems and"
          + " plain copying, all in one run, and says which goal is met and which is missed.",
      "Exit code 3 and a line VIOLATION when data is wrong; 1 when a target failed, after the"
          + " figures of the others; never because of a figure.",
      "Run it on an idle machine: where two cores are needed and others use them, no goal counts.",
      "A run of all rows writes benchmarks/RESULTS.md of the source tree."
    })
final class Bench implements Callable<Integer> {
  @Option(
      names = "--rows",
      paramLabel = "ROWS",
      split = ",",
      description =
          "What to measure, by key or the beginning of several: read, hot, span2, sequential,"
              + " overwrite, append, mixed, punch, names, lock, hitlocks, miss, cold, footprint,"
              + " start, sync (default: all).")
  private List<String> rows = List.of();

  @Option(
      names = "--quick",
      description = "Less than three minutes, for figures to the nearest factor.")
  private boolean quick;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the figures there as JSON.")
  private @Nullable Path json;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "Where to put volume and files (default: the directory for temporary files).")
  private @Nullable Path directory;

  @Option(
      names = "--results",
      paramLabel = "FILE",
      description = "Write the figures there as Markdown.")
  private @Nullable Path results;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if (Yield.SIMULATION) {
      throw new IOException(
          "this JVM simulates, where wall time means nothing: start it without"
              + " -Dfaultline.simulation, as the launcher does");
    }
    Path place =
        directory == null ? Path.of(System.getProperty("java.io.tmpdir", "/tmp")) : directory;
    BenchOptions options = quick ? BenchOptions.quick(place) : BenchOptions.normal(place);
    CommandLine line = Objects.requireNonNull(spec).commandLine();
    try {
      return new BenchRun(options.rows(rows).writing(json, results()), line.getOut()).run();
    } catch (IllegalArgumentException unknownRow) {
      throw new ParameterException(line, unknownRow.getMessage(), unknownRow);
    }
  }

  /** Where it was said, or where the launcher found the source tree, if everything is measured. */
  private @Nullable Path results() {
    String root = System.getProperty("faultline.root", "");
    return results == null && rows.isEmpty() && !root.isEmpty()
        ? Path.of(root, "benchmarks", "RESULTS.md")
        : results;
  }
}
