package io.faultline.cli;

import io.faultline.engine.lock.Guard;
import io.faultline.soak.race.Scenario;
import io.faultline.soak.race.Scenarios;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Which race, under which guard. */
final class RaceChoice {
  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "NAME",
      description = "The race, as race list names it.")
  private String name = "";

  @Option(
      names = "--guard",
      paramLabel = "GUARD",
      defaultValue = "mapping-lock",
      description =
          "mapping-lock, range-lock, reads-under-io-lock, or none, which leaves out whatever the"
              + " race needs left out to show (default: mapping-lock).")
  private String guard = "mapping-lock";

  /** The race; wrong usage if there is none of that name. */
  Scenario scenario(CommandLine line) throws IOException {
    if (name.isEmpty()) {
      throw new ParameterException(line, "Missing required parameter: 'NAME'");
    }
    Optional<Scenarios.Absent> absent = Scenarios.findAbsent(name);
    if (absent.isPresent()) {
      throw new IOException(name + " cannot be run yet: it needs " + absent.get().needs());
    }
    return Scenarios.find(name)
        .orElseThrow(
            () ->
                new ParameterException(
                    line, "there is no race '" + name + "': race list --names lists them"));
  }

  /** Whether a race was named. */
  boolean named() {
    return !name.isEmpty();
  }

  /** The guard; wrong usage if it is none. */
  Guard guard(CommandLine line) {
    return guard(line, guard);
  }

  /** The guard of that name; wrong usage if there is none. */
  static Guard guard(CommandLine line, String name) {
    try {
      return Guard.parse(name);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(line, String.valueOf(e.getMessage()), e);
    }
  }
}
