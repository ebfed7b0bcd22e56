package io.faultline.cli;

import io.faultline.soak.race.Scenario;
import io.faultline.soak.race.Scenarios;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code race list}: the catalogue. */
@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = "Lists the races: letter, name, what is left out to show it, the story.")
final class RaceList implements Callable<Integer> {
  @Option(names = "--names", description = "Only the names of those that can be run, one a line.")
  private boolean names;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    for (Scenario scenario :
        Stream.concat(Scenarios.all().stream(), Scenarios.costs().stream()).toList()) {
      if (names) {
        out.println(scenario.name());
      } else {
        out.printf("(%s) %s%n", scenario.race(), scenario.name());
        out.println("    " + scenario.story());
        out.printf(
            "    left out: %s; %s%n",
            scenario.omission().text(),
            scenario.survives()
                ? "nothing is violated"
                : "VIOLATION kind=" + scenario.kind() + " (" + scenario.invariants() + ")");
      }
    }
    if (!names) {
      for (Scenarios.Absent absent : Scenarios.absent()) {
        out.printf(
            "(%s) %s%n    not yet: needs %s%n", absent.race(), absent.name(), absent.needs());
      }
    }
    return ExitCode.HELD;
  }
}
