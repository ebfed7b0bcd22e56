package io.faultline.cli;

import io.faultline.engine.lock.Guard;
import io.faultline.engine.runtime.sim.Explorer;
import io.faultline.engine.runtime.sim.SimulationFailure;
import io.faultline.soak.race.GivenSchedule;
import io.faultline.soak.race.Laboratory;
import io.faultline.soak.race.Pace;
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

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Explores again and again until so many seconds have passed, to measure how fast this is;"
              + " every time must come to the same (default: once).")
  private int seconds;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    CommandLine line = Objects.requireNonNull(spec).commandLine();
    if (preemptions < 0 || schedules < 1 || seconds < 0) {
      throw new ParameterException(
          line, "--preemptions is at least 0, --schedules at least 1, --seconds 0");
    }
    Guard guard = choice.guard(line);
    Scenario scenario = choice.scenario(line);
    Race.begin();
    Pace pace = new Pace();
    Explorer.Result result = explore(scenario, guard, pace);
    long times = 1;
    for (; result.failure().isEmpty() && pace.seconds() < seconds; times++) {
      Explorer.Result again = explore(scenario, guard, pace);
      if (!again.equals(result)) {
        throw new IOException("the same exploration came to " + again + " after " + result);
      }
    }
    PrintWriter out = line.getOut();
    out.printf(
        "points=%d schedules=%d pruned=%d complete=%s%s %s%n",
        result.points(),
        result.schedules(),
        result.pruned(),
        result.complete(),
        times == 1 ? "" : " times=" + times,
        pace.text());
    if (result.failure().isEmpty()) {
      return ExitCode.HELD;
    }
    SimulationFailure failure = result.failure().orElseThrow();
    out.println(RaceViolation.of(failure).line());
    out.println("schedule: " + new GivenSchedule(failure.schedule(), !plain));
    return scenario.isCost() ? ExitCode.HELD : ExitCode.VIOLATION;
  }

  private Explorer.Result explore(Scenario scenario, Guard guard, Pace pace) {
    return Laboratory.explore(
        scenario.withGuard(guard),
        guard == Guard.NONE,
        new Explorer.Options(preemptions, schedules, !plain),
        pace);
  }
}
