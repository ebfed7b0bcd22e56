package io.faultline.cli;

import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.Yield;
import io.faultline.soak.race.Laboratory;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code race}: the races of the series, shown and cured on the real engine. */
@Command(
    name = "race",
    description =
        "Shows the races between cache fills and mapping changes, on the real engine under a seeded"
            + " scheduler: which schedule loses data without the guard, and what forbids it.",
    subcommands = {
      RaceList.class,
      RaceRunVerb.class,
      RaceExplore.class,
      RaceSearch.class,
      RaceMutants.class,
      RacePrice.class
    })
final class Race implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    throw new ParameterException(
        Objects.requireNonNull(spec).commandLine(),
        "Missing word: list, run, explore, search, mutants or price");
  }

  /** Fails where the JVM cannot run a simulation, and makes it ready where it can. */
  static void begin() throws IOException {
    if (!Yield.SIMULATION || !Mutant.ENABLED) {
      throw new IOException(
          "this JVM does not simulate: start it with -Dfaultline.simulation=true"
              + " -Dfaultline.mutants=true --add-opens java.base/java.lang=ALL-UNNAMED,"
              + " as the launcher does");
    }
    Laboratory.begin();
  }
}
