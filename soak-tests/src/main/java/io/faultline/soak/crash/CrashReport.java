package io.faultline.soak.crash;

import io.faultline.engine.runtime.Barrier;
import io.faultline.soak.crash.Explorer.Figures;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The figures of a campaign: for people as one line, for programs as one flat JSON object. */
public final class CrashReport {
  private final Map<String, Object> values = new LinkedHashMap<>();
  private final @Nullable CrashFinding finding;
  private final double seconds;
  private final double cpuSeconds;
  private final long states;

  CrashReport(
      CrashCampaign.Options options,
      Figures figures,
      long nanos,
      long cpuNanos,
      @Nullable CrashFinding finding) {
    this.finding = finding;
    this.seconds = nanos / 1e9;
    this.cpuSeconds = cpuNanos / 1e9;
    this.states = figures.states;
    Barrier omitted = options.omitted();
    values.put("result", finding == null ? "held" : "violation");
    values.put("violation", finding == null ? "" : finding.line());
    values.put("replay", finding == null ? "" : finding.trail());
    values.put("omitted", omitted == null ? "" : omitted.site());
    values.put("crashStates", figures.states);
    values.put("distinctStates", (long) figures.distinct.size());
    values.put("sequences", figures.sequences);
    values.put("recoveries", figures.replays + figures.fullRecoveries);
    values.put("fullRecoveries", figures.fullRecoveries);
    values.put("crashesInRecovery", figures.recoveriesCrashed);
    values.put("deepestRecovery", (long) figures.deepest);
    values.put("kills", figures.kills);
    values.put("lostBarriers", figures.lies);
    values.put("checkpoints", figures.checkpoints);
    values.put("segmentsDropped", figures.segmentsDropped);
    values.put("failures", finding == null ? 0L : 1L);
    values.put("workers", (long) options.workers());
    values.put("seconds", decimal(seconds));
    values.put("cpuSeconds", decimal(cpuSeconds));
    values.put("statesPerSecond", Math.round(states / Math.max(seconds, 1e-9)));
    values.put("statesPerCpuSecond", Math.round(states / Math.max(cpuSeconds, 1e-9)));
    values.put("seed", options.seed());
  }

  /** What was found, if anything. */
  public Optional<CrashFinding> finding() {
    return Optional.ofNullable(finding);
  }

  /** A figure by its key in {@link #json}; 0 if there is none of that name. */
  public long figure(String key) {
    return values.get(key) instanceof Long value ? value : 0;
  }

  /** The summary for people. */
  public String summary() {
    return String.format(
        Locale.ROOT,
        "crash: %d sequences, %d crash states, %d of them different, %d recoveries (%d of them"
            + " opened a volume, %d of those behind a crash in a recovery), %d kills, %d lost"
            + " barriers; %.1f s, %.0f states/s, %.0f states per CPU second; seed %d",
        figure("sequences"),
        states,
        figure("distinctStates"),
        figure("recoveries"),
        figure("fullRecoveries"),
        figure("crashesInRecovery"),
        figure("kills"),
        figure("lostBarriers"),
        seconds,
        states / Math.max(seconds, 1e-9),
        states / Math.max(cpuSeconds, 1e-9),
        figure("seed"));
  }

  private static Double decimal(double value) {
    return Math.round(value * 1_000) / 1_000.0;
  }

  /** One flat object, a key a line. */
  public String json() {
    StringBuilder text = new StringBuilder("{\n");
    String separator = "";
    for (Map.Entry<String, Object> value : values.entrySet()) {
      text.append(separator).append("  \"").append(value.getKey()).append("\": ");
      Object what = value.getValue();
      text.append(what instanceof Number ? what.toString() : quoted(what.toString()));
      separator = ",\n";
    }
    return text.append("\n}\n").toString();
  }

  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        quoted.append('\\').append(c);
      } else if (c < ' ') {
        quoted.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }
}
