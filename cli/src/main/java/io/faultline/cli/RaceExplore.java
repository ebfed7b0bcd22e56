package io.faultline.cli;

import io.faultline.engine.lock.Guard;
import io.faultline.engine.runtime.sim.Explorer;
import io.faultline.engine.runtime.sim.SimulationFailure;
import io.faultline.soak.race.GivenSchedule;
import io.faultline.soak.race.Laboratory;
import io.faultline.soak.race.RaceViolation;
import io.faultline.soak.race.Scenario;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code race explore}: every schedule within a bound. */
@Command(
    name = "explore",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description =
        "Runs a race under every schedule with at most so many preemptions; exit code 3 and the"
            + " schedule if one of them violates anything.")
final class RaceExplore implements Callable<Integer> {
  @Mixin private RaceChoice choice = new RaceChoice();

  @Option(
      names = "--preemptions",
      paramLabel = "N",
      defaultValue = "2",
      description = "Bound on preemptions of one run (default: 2).")
  private int preemptions = 2;

  @Option(
      names = "--schedules",
      paramLabel = "N",
      defaultValue = "1000000",
      description = "Ends after so many runs, complete or not (default: 1000000).")
  private long schedules = 1_000_000;

  @Option(
      names = "--no-reduction",
      description = "Also runs schedules that lead through the same states as others.")
  private boolean plain;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    CommandLine line = Objects.requireNonNull(spec).commandLine();
    if (preemptions < 0 || schedules < 1) {
      throw new ParameterException(line, "--preemptions is at least 0, --schedules at least 1");
    }
    Guard guard = choice.guard(line);
    Scenario scenario = choice.scenario(line);
    Race.begin();
    long began = System.nanoTime();
    Explorer.Result result =
        Laboratory.explore(
            scenario.withGuard(guard),
            guard == Guard.NONE,
            new Explorer.Options(preemptions, schedules, !plain));
    double seconds = (System.nanoTime() - began) / 1e9;
    PrintWriter out = line.getOut();
    out.printf(
        "points=%d schedules=%d pruned=%d complete=%s schedules/s=%.0f%n",
        result.points(),
        result.schedules(),
        result.pruned(),
        result.complete(),
        result.schedules() / seconds);
    if (result.failure().isEmpty()) {
      return ExitCode.HELD;
    }
    SimulationFailure failure = result.failure().orElseThrow();
    out.println(RaceViolation.of(failure).line());
    out.println("schedule: " + new GivenSchedule(failure.schedule(), !plain));
    return scenario.isCost() ? ExitCode.HELD : ExitCode.VIOLATION;
  }
}
