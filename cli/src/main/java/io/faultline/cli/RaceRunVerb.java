package io.faultline.cli;

import io.faultline.engine.lock.Guard;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.sim.Schedule;
import io.faultline.soak.race.GivenSchedule;
import io.faultline.soak.race.Laboratory;
import io.faultline.soak.race.Scenario;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code race run}: one schedule, thread by thread, and the verdict. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Runs one race and prints it thread by thread, then the verdict and the schedule.",
      "With --guard none the violation is shown (exit code 3); with a guard the same steps are"
          + " tried, and the one that cannot be taken is named with the lock that forbids it.",
      "With --program a program is run that race search wrote, and judged: exit code 3 if"
          + " anything is violated."
    })
final class RaceRunVerb implements Callable<Integer> {
  @Mixin private RaceChoice choice = new RaceChoice();

  @Option(
      names = "--schedule",
      paramLabel = "S",
      description =
          "A schedule printed before by run or explore, made with --guard none (default: the"
              + " smallest that shows the race).")
  private @Nullable String schedule;

  @Option(
      names = "--picture",
      paramLabel = "FILE.svg",
      description = "Draws the lock timeline of the run, a lane per task and per inode's lock.")
  private @Nullable Path picture;

  @Option(
      names = "--program",
      paramLabel = "FILE",
      description =
          "Runs this program instead of a named race: under --schedule, or under up to 1000 others"
              + " until one violates something. Prints one line per yield point and state change.")
  private @Nullable Path program;

  @Option(
      names = "--mutant",
      paramLabel = "NAME",
      description = "With --program: leaves out a step of the engine. May be repeated.")
  private Set<Mutant> mutants = EnumSet.noneOf(Mutant.class);

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    CommandLine line = Objects.requireNonNull(spec).commandLine();
    Guard guard = choice.guard(line);
    boolean named = program == null;
    if (named ? !mutants.isEmpty() : choice.named() || picture != null) {
      throw new ParameterException(
          line, "--program takes neither NAME nor --picture, and --mutant needs --program");
    }
    GivenSchedule given = null;
    if (schedule != null) {
      try {
        given = GivenSchedule.parse(schedule);
      } catch (IllegalArgumentException e) {
        throw new ParameterException(line, "not a schedule: " + e.getMessage(), e);
      }
    }
    if (program != null) {
      if (given != null && !given.reduced()) {
        throw new ParameterException(line, "a program's schedules are not plain ones");
      }
      return RaceSearch.runProgram(
          line, program, guard, mutants, given == null ? null : given.choices());
    }
    Scenario scenario = choice.scenario(line);
    Race.begin();
    Laboratory.Answer answer;
    try {
      answer = Laboratory.runGiven(scenario, guard, given);
    } catch (Schedule.MisfitException misfit) {
      throw new ParameterException(line, String.valueOf(misfit.getMessage()), misfit);
    }
    if (picture != null) {
      WholeFile.write(picture, Laboratory.picture(scenario, answer));
    }
    line.getOut().print(answer.text());
    line.getOut().flush();
    return answer.verdict() == Laboratory.Verdict.VIOLATION ? ExitCode.VIOLATION : ExitCode.HELD;
  }
}
