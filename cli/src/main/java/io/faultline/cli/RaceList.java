package io.faultline.cli;

import io.faultline.soak.race.Scenario;
import io.faultline.soak.race.Scenarios;
import java.io.PrintWriter;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
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
    list(out, Scenarios.all());
    list(out, Scenarios.costs());
    if (!names) {
      out.println("Lock and cache scenarios, without a volume:");
    }
    list(out, Scenarios.locksAndCache());
    if (!names) {
      for (Scenarios.Absent absent : Scenarios.absent()) {
        out.printf(
            "(%s) %s%n    not yet: needs %s%n", absent.race(), absent.name(), absent.needs());
      }
    }
    return ExitCode.HELD;
  }

  private void list(PrintWriter out, List<Scenario> scenarios) {
    for (Scenario scenario : scenarios) {
      if (names) {
        out.println(scenario.name());
        continue;
      }
      out.printf("(%s) %s%n", scenario.race(), scenario.name());
      out.println("    " + scenario.story());
      out.printf(
          "    left out: %s; %s%n",
          scenario.omission().text(),
          scenario.survives() ? "nothing is violated" : "VIOLATION " + shown(scenario));
    }
  }

  private static String shown(Scenario scenario) {
    String broken = scenario.invariants();
    return "kind=" + scenario.kind() + (broken.isEmpty() ? "" : " (" + broken + ")");
  }
}
