package io.faultline.cli;

import io.faultline.engine.runtime.Barrier;
import io.faultline.soak.SoakOptions;
import io.faultline.soak.crash.CrashCampaign;
import io.faultline.soak.crash.CrashFinding;
import io.faultline.soak.crash.CrashReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code crash explore}: as many crash states as there is time for. */
@Command(
    name = "explore",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Runs short sequences of operations on the engine, builds what a power cut or a kill may"
          + " leave of the media at every moment, recovers each and checks it: sound, synced data"
          + " there, nothing stale, each operation whole; then crashes in the recovery.",
      "Exit code 3, a line VIOLATION, the sequence, the crash and how to repeat it tell of a"
          + " finding."
    })
final class CrashExplore implements Callable<Integer> {
  @Option(
      names = "--duration",
      paramLabel = "TIME",
      defaultValue = "60s",
      description = "For how long, such as 15s or 2h (default: 60s).")
  private String duration = "60s";

  @Option(
      names = "--omit",
      paramLabel = "SITE",
      description = "Leave out this flush or barrier; crash sites lists them.")
  private @Nullable String omit;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the figures there as JSON.")
  private @Nullable Path json;

  @Option(names = "--sample", description = "Only the sequences that every build explores.")
  private boolean sample;

  @Option(
      names = "--replay",
      paramLabel = "TEXT",
      description = "Only this sequence with these crashes, as printed behind a finding.")
  private @Nullable String replay;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = "Volumes explored at once (default: one per processor).")
  private int workers = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description = "Seed of what is sampled (default: 1).")
  private long seed = 1;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    CommandLine line = Objects.requireNonNull(spec).commandLine();
    Barrier omitted = omit == null ? null : Crash.site(line, omit);
    if (omitted != null) {
      Crash.requireOmissions();
    }
    if (workers < 1 || workers > 256) {
      throw new ParameterException(line, "--workers is from 1 to 256");
    }
    PrintWriter out = line.getOut();
    if (replay != null) {
      return tell(out, repeat(line, replay, omitted));
    }
    if (json != null) {
      // Asked before: a bad path must not cost the figures of the whole run.
      Files.newOutputStream(json, StandardOpenOption.CREATE, StandardOpenOption.APPEND).close();
    }
    CrashCampaign.Extent extent =
        sample ? CrashCampaign.Extent.SAMPLE : CrashCampaign.Extent.ENDLESS;
    CrashReport report =
        CrashCampaign.run(new CrashCampaign.Options(time(line), extent, omitted, seed, workers));
    out.println(report.summary());
    if (json != null) {
      Files.writeString(json, report.json());
    }
    return tell(out, report.finding());
  }

  private Optional<CrashFinding> repeat(CommandLine line, String text, @Nullable Barrier omitted)
      throws IOException {
    try {
      return CrashCampaign.replay(text, omitted, seed);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new ParameterException(line, "--replay: " + e.getMessage(), e);
    }
  }

  private Duration time(CommandLine line) {
    try {
      return SoakOptions.parseDuration(duration);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(line, String.valueOf(e.getMessage()), e);
    }
  }

  private static int tell(PrintWriter out, Optional<CrashFinding> finding) {
    if (finding.isEmpty()) {
      return ExitCode.HELD;
    }
    CrashFinding found = finding.orElseThrow();
    out.println(found.line());
    String[] trail = found.trail().split(" @ ", 2);
    out.println("sequence: " + trail[0]);
    if (trail.length > 1) {
      out.println("crash: " + trail[1]);
    }
    out.println("replay: " + found.trail());
    return ExitCode.VIOLATION;
  }
}
