package io.faultline.cli;

import io.faultline.engine.runtime.Barrier;
import io.faultline.soak.crash.Omissions;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code crash sites}: every flush and barrier of the engine, and what its absence shows in. */
@Command(
    name = "sites",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = "Lists the flushes and barriers that crash explore --omit can leave out.")
final class CrashSites implements Callable<Integer> {
  @Option(
      names = "--search",
      description =
          "Leave out one after the other and print the first sequence that shows it; exit code 3"
              + " if one shows in none.")
  private boolean search;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description = "Seed of what is sampled (default: 1).")
  private long seed = 1;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    if (!search) {
      for (Barrier site : Barrier.values()) {
        out.println(site.site());
      }
      return ExitCode.HELD;
    }
    Crash.requireOmissions();
    int missed = 0;
    for (Barrier site : Barrier.values()) {
      Omissions.Row row = Omissions.search(site, seed);
      missed += row.finding().isEmpty() ? 1 : 0;
      out.println(row.text());
      out.flush();
    }
    int all = Barrier.values().length;
    out.printf("%d of %d omissions were found%n", all - missed, all);
    return missed == 0 ? ExitCode.HELD : ExitCode.VIOLATION;
  }
}
