package io.faultline.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** One fork of JMH: a JVM that measures one target and ends. */
final class JmhFork {
  private static final String DIRECTORY = "faultline.bench.directory";
  // Of the time that counts.
  private static final int WARMUP_TIMES = 3;
  private static final int ITERATIONS = 2;

  private JmhFork() {}

  /** In the fork: where a target puts what it makes. */
  static String directory() {
    return System.getProperty(DIRECTORY, "");
  }

  /**
   * Runs it to its end: {@code ns} of an operation, and {@code allocated}, bytes of heap for each.
   *
   * @param millis how long what counts takes; it is warmed up for {@value #WARMUP_TIMES} times that
   * @throws WrongDataException a read gave what it must not
   * @throws AbsentException the target's library is not on the class path
   */
  static Map<String, Double> measure(Forks what, String target, Path directory, int millis)
      throws IOException {
    List<String> flags = new ArrayList<>(PeerProcess.flags(Row.Setup.FORKED));
    flags.add("-D" + DIRECTORY + "=" + directory);
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include("^" + Pattern.quote(what.benchmark().getName()) + "\\.")
            .param("target", target.equals(Targets.ALONE) ? Targets.ENGINE : target)
            .threads(target.equals(Targets.ALONE) ? 1 : what.threads())
            .forks(1)
            .warmupIterations(1)
            .warmupTime(TimeValue.milliseconds((long) WARMUP_TIMES * millis))
            .measurementIterations(ITERATIONS)
            .measurementTime(TimeValue.milliseconds(Math.max(1, millis / ITERATIONS)))
            .timeout(TimeValue.minutes(2))
            .addProfiler(GCProfiler.class)
            .jvmArgs(flags.toArray(String[]::new))
            .shouldFailOnError(true)
            .verbosity(VerboseMode.SILENT);
    what.parameters().forEach(options::param);
    // A run beside another is noticed by the processor time it takes, not by a lock in /tmp that
    // another user's JMH may have left behind.
    System.setProperty("jmh.ignoreLock", "true");
    try {
      return figures(new Runner(options.build()).run());
    } catch (RunnerException failed) {
      throw reason(failed);
    }
  }

  private static Map<String, Double> figures(Collection<RunResult> results) throws IOException {
    if (results.size() != 1) {
      throw new IOException("JMH gave " + results.size() + " results");
    }
    RunResult result = results.iterator().next();
    Map<String, Double> figures = new HashMap<>();
    figures.put("ns", result.getPrimaryResult().getScore());
    Result<?> allocated = result.getSecondaryResults().get("gc.alloc.rate.norm");
    if (allocated != null) {
      figures.put("allocated", allocated.getScore());
    }
    return figures;
  }

  /** What the fork threw: JMH wraps it in exceptions of its own, as a cause or suppressed. */
  private static IOException reason(Throwable failed) {
    Throwable inner = failed.getCause();
    if (inner == null && failed.getSuppressed().length > 0) {
      inner = failed.getSuppressed()[0];
    }
    if (failed instanceof WrongDataException || failed instanceof AbsentException) {
      return (IOException) failed;
    }
    return inner == null ? new IOException(failed.toString(), failed) : reason(inner);
  }
}
