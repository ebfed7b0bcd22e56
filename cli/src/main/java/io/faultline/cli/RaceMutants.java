package io.faultline.cli;

import io.faultline.soak.race.Catalogue;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code race mutants}: what is left out of the engine, and what notices. */
@Command(
    name = "mutants",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description =
        "Leaves out one step of the engine after the other and shows what notices; exit code 3 if"
            + " one that must be noticed is not.")
final class RaceMutants implements Callable<Integer> {
  @Option(names = "--only", paramLabel = "ID", description = "Only this id, such as M7.")
  private @Nullable String only;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    List<Catalogue.Entry> entries =
        Catalogue.entries().stream().filter(e -> only == null || only.equals(e.id())).toList();
    if (entries.isEmpty()) {
      throw new ParameterException(
          Objects.requireNonNull(spec).commandLine(), "there is no mutant '" + only + "'");
    }
    Race.begin();
    out.printf(
        "%-4s %-8s %9s %6s  %-16s %-16s %s%n",
        "id", "standing", "schedules", "ms", "killed by", "a user sees", "left out");
    int failed = 0;
    int without = 0;
    for (Catalogue.Entry entry : entries) {
      long began = System.nanoTime();
      Catalogue.Row row = Catalogue.run(entry);
      failed += row.held() ? 0 : 1;
      without += entry.standing() == Catalogue.Standing.WITHOUT ? 1 : 0;
      out.printf(
          "%-4s %-8s %9d %6d  %-16s %-16s %s%n",
          entry.id(),
          row.held() ? entry.standing() : "FAILED",
          row.schedules(),
          (System.nanoTime() - began) / 1_000_000,
          word(row.killer()),
          word(row.seen()),
          entry.broken());
      if (row.killer().isEmpty() || !row.held()) {
        out.printf("     %s%n", row.text());
      }
      out.flush();
    }
    int shown = entries.size();
    out.printf(
        "%d of %d as they must be: killed or surviving; %d cannot be had yet%n",
        shown - failed - without, shown - without, without);
    return failed == 0 ? ExitCode.HELD : ExitCode.VIOLATION;
  }

  private static String word(String text) {
    return text.isEmpty() ? "-" : text;
  }
}
