package io.faultline.cli;

import io.faultline.bench.BenchOptions;
import io.faultline.bench.SyncBench;
import io.faultline.engine.runtime.Yield;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bench}: the engine measured beside the host's own filesystem. */
@Command(
    name = "bench",
    description = {
      "Measures the engine beside the host's filesystem on the same device, both in one run, and"
          + " says which target is met and which is missed.",
      "Exit code 3 and a line VIOLATION when data is wrong, never because of a figure. Run it on an"
          + " idle machine."
    })
final class Bench implements Callable<Integer> {
  /** What can be measured. */
  enum Rows {
    SYNC
  }

  @Option(
      names = "--rows",
      paramLabel = "ROWS",
      description = "What to measure: ${COMPLETION-CANDIDATES} (default: all).")
  private Rows rows = Rows.SYNC;

  @Option(
      names = "--quick",
      description = "Less than half a minute, for figures to the nearest factor.")
  private boolean quick;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the figures there as JSON.")
  private @Nullable Path json;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "Where to put volume and files (default: the directory for temporary files).")
  private @Nullable Path directory;

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
    BenchOptions options =
        quick ? BenchOptions.quick(place, json) : BenchOptions.normal(place, json);
    return switch (rows) {
      case SYNC ->
          new SyncBench(options, Objects.requireNonNull(spec).commandLine().getOut()).run();
    };
  }
}
