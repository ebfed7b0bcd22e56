package io.faultline.cli;

import io.faultline.Volume;
import io.faultline.VolumeOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A verb whose first argument is a volume: opens it, does its work, closes (and so syncs) it. */
abstract class VolumeVerb implements Callable<Integer> {
  private final Host host;
  private final boolean readOnly;

  @Parameters(index = "0", paramLabel = "VOLUME", description = "The volume's directory.")
  private @Nullable Path directory;

  @Spec private @Nullable CommandSpec spec;

  /**
   * A verb.
   *
   * @param readOnly whether it only looks: the volume is opened for reading
   */
  VolumeVerb(Host host, boolean readOnly) {
    this.host = host;
    this.readOnly = readOnly;
  }

  /** Does the work; what it returns is the exit code. */
  abstract int run(Volume volume) throws IOException;

  /** Opens the volume; a verb that may have to make one overrides this. */
  Volume volume() throws IOException {
    return host.open().apply(directory(), VolumeOptions.defaults().readOnly(readOnly));
  }

  /** Refuses options that do not go together, before the volume is touched. */
  void check() throws ParameterException {}

  @Override
  public final Integer call() throws IOException {
    check();
    try (Volume volume = volume()) {
      return run(volume);
    }
  }

  final Host host() {
    return host;
  }

  final Path directory() {
    return Objects.requireNonNull(directory);
  }

  final CommandLine commandLine() {
    return Objects.requireNonNull(spec).commandLine();
  }

  final PrintWriter out() {
    return commandLine().getOut();
  }

  final PrintWriter err() {
    return commandLine().getErr();
  }

  /** Reports an entry that was left out while the work goes on. */
  final void complain(String text) {
    err().println("faultline " + commandLine().getCommandName() + ": " + text);
  }
}
