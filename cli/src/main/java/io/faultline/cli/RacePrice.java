package io.faultline.cli;

import io.faultline.VolumeOptions;
import io.faultline.engine.runtime.Yield;
import io.faultline.soak.price.PriceList;
import io.faultline.soak.price.PriceOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code race price}: what each guard costs, measured. */
@Command(
    name = "price",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Measures what each guard costs readers, writers, punch, truncate and fills, on real threads"
          + " and real volumes, all guards in one run.",
      "Every read is checked: exit code 3 and a line VIOLATION if one under a guard is wrong. Takes"
          + " less than four minutes; run it on an idle machine."
    })
final class RacePrice implements Callable<Integer> {
  @Option(
      names = "--quick",
      description = "Less than half a minute, for figures to the nearest factor.")
  private boolean quick;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the figures there as JSON.")
  private @Nullable Path json;

  @Option(
      names = "--layout",
      paramLabel = "LAYOUT",
      defaultValue = "ext4",
      description = "Filesystem kind (default: ext4).")
  private String layout = "ext4";

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    var line = Objects.requireNonNull(spec).commandLine();
    String checked;
    try {
      checked = VolumeOptions.defaults().layout(layout).layout();
    } catch (IllegalArgumentException refused) {
      throw new ParameterException(line, String.valueOf(refused.getMessage()), refused);
    }
    if (Yield.SIMULATION) {
      throw new IOException(
          "this JVM simulates, where wall time means nothing: start it without"
              + " -Dfaultline.simulation, as the launcher does");
    }
    PriceOptions options =
        quick ? PriceOptions.quick(checked, json) : PriceOptions.normal(checked, json);
    return new PriceList(options, line.getOut()).run();
  }
}
