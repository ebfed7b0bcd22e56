package io.faultline.cli;

import io.faultline.VolumeOptions;
import io.faultline.engine.runtime.EngineTrace;
import io.faultline.soak.Soak;
import io.faultline.soak.SoakOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The verb {@code soak}: load, check, recover, replay, compare. */
@Command(
    name = "soak",
    description = {
      "Runs readers, writers and faulters against mapping changes on a real volume and checks every"
          + " answer, then recovery and replay.",
      "Exit code 3 and a line VIOLATION tell of a finding; volume, journal, trace and seed are kept"
          + " then."
    })
final class SoakVerb implements Callable<Integer> {
  @Option(
      names = "--duration",
      paramLabel = "TIME",
      defaultValue = "60s",
      description = "How long the load lasts, such as 500ms, 60s or 2h (default: 60s).")
  private String duration = "60s";

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "6",
      description = "Readers, writers and faulters together (default: 6).")
  private int threads = 6;

  @Option(
      names = "--changers",
      paramLabel = "N",
      defaultValue = "2",
      description = "Threads that change mappings, 0 for none (default: 2).")
  private int changers = 2;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "Seed of all choices (default: another one each time).")
  private @Nullable Long seed;

  @Option(
      names = "--volume",
      paramLabel = "DIR",
      description =
          "Where the volume lies and stays; missing, empty or of an earlier soak (default: a"
              + " temporary directory).")
  private @Nullable Path volume;

  @Option(
      names = "--layout",
      paramLabel = "LAYOUT",
      defaultValue = "ext4",
      description = "Filesystem kind (default: ext4).")
  private String layout = "ext4";

  @Option(
      names = "--guard",
      paramLabel = "GUARD",
      defaultValue = "mapping-lock",
      description =
          "What keeps fills from destroyers: mapping-lock, range-lock, reads-under-io-lock or none"
              + " (default: mapping-lock).")
  private String guard = "mapping-lock";

  @Option(
      names = "--import",
      paramLabel = "DIR",
      description = "A tree of the host to carry in first and to verify byte for byte at the end.")
  private @Nullable Path importDirectory;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the figures there as JSON.")
  private @Nullable Path json;

  @Option(
      names = "--trace",
      paramLabel = "FILE",
      description =
          "Record what locks, pages and commands do, beside the journal, and write the newest"
              + " 64 MiB of it there at the end; journal VOLUME timeline --trace FILE shows both.")
  private @Nullable Path trace;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    CommandLine line = Objects.requireNonNull(spec).commandLine();
    SoakOptions options = options(line);
    Path file = trace;
    if (file == null) {
      return new Soak(options, line.getOut()).run();
    }
    // Read when the engine's classes are loaded, which nobody has done yet.
    System.setProperty("faultline.trace", "true");
    if (!EngineTrace.ON) {
      throw new IOException("this JVM cannot trace: start it with -Dfaultline.trace=true");
    }
    // Before the load: a minute's trace must not be lost to a bad path.
    Files.writeString(file, "");
    try {
      return new Soak(options, line.getOut()).run();
    } finally {
      line.getOut().println("soak: " + EngineTrace.write(file) + " steps of the engine in " + file);
      line.getOut().flush();
    }
  }

  /** What the command line says; a value that makes no sense is wrong usage. */
  private SoakOptions options(CommandLine line) {
    if (importDirectory != null && !Files.isDirectory(importDirectory)) {
      throw new ParameterException(line, "--import: " + importDirectory + " is no directory");
    }
    try {
      Duration time = SoakOptions.parseDuration(duration);
      // Both words are looked at by the options that will be used.
      VolumeOptions checked = VolumeOptions.defaults().layout(layout).guard(guard);
      long start = seed == null ? new SecureRandom().nextLong() >>> 1 : seed;
      return SoakOptions.defaults(start)
          .load(time, threads, changers)
          .on(volume, checked.layout(), checked.guard())
          .host(importDirectory, json);
    } catch (IllegalArgumentException refused) {
      throw new ParameterException(line, String.valueOf(refused.getMessage()), refused);
    }
  }
}
