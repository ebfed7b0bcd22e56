package io.faultline.soak;

import java.io.Console;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Map;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** How far the load is: a bar on a terminal, otherwise one line per interval. */
final class ProgressLine implements AutoCloseable {
  private static final Duration INTERVAL_MAX = Duration.ofSeconds(10);
  private static final int LINES_MIN = 6;

  private final SoakRun run;
  private final PrintWriter out;
  private final long totalMillis;
  private final long intervalMillis;
  private final @Nullable ProgressBar bar;
  private long nextMillis;
  private long operations;

  ProgressLine(SoakRun run, PrintWriter out) {
    this.run = run;
    this.out = out;
    totalMillis = run.options().duration().toMillis();
    intervalMillis = Math.max(1, Math.min(INTERVAL_MAX.toMillis(), totalMillis / LINES_MIN));
    nextMillis = intervalMillis;
    bar = isTerminal() ? bar(totalMillis) : null;
  }

  // JDK 22 to 24 always gave a console, JDK 25 gives none when the output is no terminal.
  @SuppressWarnings("SystemConsoleNull")
  private static boolean isTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  private static ProgressBar bar(long totalMillis) {
    return new ProgressBarBuilder()
        .setTaskName("soak")
        .setInitialMax(totalMillis / 1000)
        .setUnit("s", 1)
        .setStyle(ProgressBarStyle.ASCII)
        .setUpdateIntervalMillis(500)
        .build();
  }

  /** Shows where the load is; {@code metrics} are the volume's. */
  void show(long elapsedMillis, Map<String, Long> metrics) {
    long changes = metrics.getOrDefault("mappingChanges", 0L);
    long met = metrics.getOrDefault("fillsMetDestroyer", 0L);
    String text = changes + " mapping changes, " + met + " fills met a destroyer";
    if (bar != null) {
      bar.stepTo(Math.min(totalMillis, elapsedMillis) / 1000);
      bar.setExtraMessage(text);
      return;
    }
    if (elapsedMillis < nextMillis) {
      return;
    }
    nextMillis += intervalMillis;
    long now = run.counts().operations();
    out.println(
        "soak: "
            + elapsedMillis / 1000
            + " s of "
            + totalMillis / 1000
            + " s, "
            + now
            + " operations (+"
            + (now - operations)
            + "), "
            + text
            + ", "
            + metrics.getOrDefault("evictions", 0L)
            + " evictions, "
            + SoakReport.mebibytes(run.counts().bytesVerified.sum())
            + " verified");
    out.flush();
    operations = now;
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
