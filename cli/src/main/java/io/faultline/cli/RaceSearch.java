package io.faultline.cli;

import io.faultline.engine.lock.Guard;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.sim.Schedule;
import io.faultline.soak.race.search.Program;
import io.faultline.soak.race.search.Search;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code race search}: random programs under random schedules. */
@Command(
    name = "search",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Draws small concurrent programs and schedules from seeds, runs them on the real engine and"
          + " judges every answer, the files at the end, and what a power cut leaves.",
      "On a violation (exit code 3): the violation, the seed, and the smallest program and schedule"
          + " that still show one, for race run --program."
    })
final class RaceSearch implements Callable<Integer> {
  private static final int SCHEDULES_OF_A_PROGRAM = 1_000;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Programs to draw (default: 1000).")
  private long seeds = 1_000;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "The first seed (default: 0).")
  private long seed;

  @Option(
      names = "--clients",
      paramLabel = "N",
      defaultValue = "3",
      description = "Clients of a program, 2 to 8 (default: 3).")
  private int clients = 3;

  @Option(
      names = "--guard",
      paramLabel = "GUARD",
      defaultValue = "mapping-lock",
      description =
          "mapping-lock, range-lock, reads-under-io-lock or none (default: mapping-lock).")
  private String guard = "mapping-lock";

  @Option(
      names = "--mutant",
      paramLabel = "NAME",
      description = "Leaves out a step of the engine. May be repeated.")
  private Set<Mutant> mutants = EnumSet.noneOf(Mutant.class);

  @Option(
      names = "--trace",
      paramLabel = "FILE",
      description =
          "Writes one line per yield point and state change of the failing run, otherwise of the"
              + " last one.")
  private @Nullable Path trace;

  @Option(
      names = "--save",
      paramLabel = "FILE",
      description = "Where the smallest failing program goes.")
  private @Nullable Path save;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    CommandLine line = Objects.requireNonNull(spec).commandLine();
    if (seeds < 1 || seed < 0 || seed > Long.MAX_VALUE - seeds) {
      throw new ParameterException(line, "--seeds is at least 1, --seed at least 0");
    }
    Search search = new Search(options(line, clients, RaceChoice.guard(line, guard), mutants));
    Race.begin();
    long began = System.nanoTime();
    Optional<Search.Found> found = search.seeds(seed, seeds);
    double seconds = (System.nanoTime() - began) / 1e9;
    PrintWriter out = line.getOut();
    out.printf(
        "seeds=%d schedules=%d points=%d distinct-traces=%d not-judged=%d seeds/s=%.0f%n",
        search.runs(),
        search.runs(),
        search.points(),
        search.distinctTraces(),
        search.open(),
        search.runs() / seconds);
    if (found.isEmpty()) {
      out.print(search.auditText());
      out.println("held: nothing was violated");
      writeTrace(search.lastTrace());
      return ExitCode.HELD;
    }
    Search.Found smallest = search.shrink(found.orElseThrow());
    out.println(smallest.violation().line());
    out.println("seed: " + smallest.seed());
    out.print(smallest.program().text());
    out.println("schedule: " + smallest.schedule());
    if (save != null) {
      WholeFile.write(save, smallest.program().text());
      out.println("again: " + again(smallest));
    }
    writeTrace(smallest.trace());
    return ExitCode.VIOLATION;
  }

  private String again(Search.Found found) {
    StringBuilder text = new StringBuilder("faultline race run --program ").append(save);
    text.append(" --guard ").append(guard);
    mutants.forEach(mutant -> text.append(" --mutant ").append(mutant));
    return text.append(" --schedule ").append(found.schedule()).toString();
  }

  private void writeTrace(String text) throws IOException {
    if (trace != null) {
      WholeFile.write(trace, text);
    }
  }

  private static Search.Options options(
      CommandLine line, int clients, Guard guard, Set<Mutant> mutants) {
    try {
      return new Search.Options(clients, guard, mutants);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          line, e.getMessage() + ": %d to %d".formatted(Search.CLIENTS_MIN, Search.CLIENTS_MAX), e);
    }
  }

  /** {@code race run --program}. */
  static int runProgram(
      CommandLine line, Path file, Guard guard, Set<Mutant> mutants, @Nullable Schedule schedule)
      throws IOException {
    Program program;
    try {
      program = Program.parse(Files.readString(file));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(line, file + ", " + e.getMessage(), e);
    }
    Search search = new Search(options(line, Search.CLIENTS_MIN, guard, mutants));
    Race.begin();
    Optional<Search.Found> found;
    try {
      found =
          schedule == null
              ? search.schedules(program, SCHEDULES_OF_A_PROGRAM)
              : search.replay(program, schedule);
    } catch (Schedule.MisfitException misfit) {
      throw new ParameterException(line, String.valueOf(misfit.getMessage()), misfit);
    }
    PrintWriter out = line.getOut();
    out.print(program.text());
    out.print(found.map(Search.Found::trace).orElse(search.lastTrace()));
    if (found.isEmpty()) {
      out.printf("held: nothing was violated in %d schedules%n", search.runs());
      return ExitCode.HELD;
    }
    out.println(found.orElseThrow().violation().line());
    out.println("schedule: " + found.orElseThrow().schedule());
    return ExitCode.VIOLATION;
  }
}
