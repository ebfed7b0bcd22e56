package io.faultline.soak;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The figures of a soak: for people as one paragraph, for programs as one flat JSON object. */
final class SoakReport {
  private final SoakRun run;
  private final Map<String, Long> metrics;
  private final Map<String, Object> values = new LinkedHashMap<>();

  /**
   * A report.
   *
   * @param metrics the volume's own counters
   * @param transactions newest transaction
   */
  SoakReport(SoakRun run, Map<String, Long> metrics, long transactions, long loadMillis) {
    this.run = run;
    this.metrics = metrics;
    SoakOptions options = run.options();
    Finding finding = run.finding();
    values.put("result", finding == null ? "held" : "violation");
    values.put("violation", finding == null ? "" : finding.line());
    values.put("seed", options.seed());
    values.put("layout", options.layout());
    values.put("guard", options.guard());
    values.put("threads", (long) options.threads());
    values.put("changers", (long) options.changers());
    values.put("loadMillis", loadMillis);
    values.put("files", (long) options.shape().files());
    values.put("cacheBytes", options.shape().cacheBytes());
    for (OpKind kind : OpKind.values()) {
      values.put(kind.key(), run.counts().of(kind));
    }
    values.put("noSpace", run.counts().noSpace.sum());
    values.put("bytesVerified", run.counts().bytesVerified.sum());
    values.put("traceRecords", run.trace().taken());
    values.put("evictions", metric("evictions"));
    values.put("mappingChanges", metric("mappingChanges"));
    values.put("fillsMetDestroyer", metric("fillsMetDestroyer"));
    values.put("transactions", transactions);
    metrics.forEach(values::putIfAbsent);
  }

  private long metric(String name) {
    return metrics.getOrDefault(name, 0L);
  }

  /** Adds a figure. */
  void put(String key, long value) {
    values.put(key, value);
  }

  /** One flat object, a key a line. */
  String json() {
    StringBuilder text = new StringBuilder("{\n");
    String separator = "";
    for (Map.Entry<String, Object> value : values.entrySet()) {
      text.append(separator).append("  ").append(quoted(value.getKey())).append(": ");
      Object what = value.getValue();
      text.append(what instanceof Long ? what.toString() : quoted(what.toString()));
      separator = ",\n";
    }
    return text.append("\n}\n").toString();
  }

  void write(@Nullable Path file) throws IOException {
    if (file != null) {
      Files.writeString(file, json());
    }
  }

  /** Asked before the load: a bad path must not cost the figures of the whole run. */
  static void requireWritable(@Nullable Path file) throws IOException {
    if (file != null) {
      Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND).close();
    }
  }

  /** The summary for people. */
  String summary() {
    Counts counts = run.counts();
    StringBuilder text = new StringBuilder("soak: ");
    text.append(counts.operations()).append(" operations (");
    String separator = "";
    for (OpKind kind : OpKind.values()) {
      text.append(separator).append(kind.key()).append(' ').append(counts.of(kind));
      separator = ", ";
    }
    text.append("), ").append(counts.noSpace.sum()).append(" refused for lack of space, ");
    text.append(mebibytes(counts.bytesVerified.sum())).append(" verified, ");
    text.append(metric("mappingChanges")).append(" mapping changes, ");
    text.append(metric("fillsMetDestroyer")).append(" fills met a destroyer, ");
    text.append(metric("evictions")).append(" evictions, seed ");
    return text.append(run.options().seed()).toString();
  }

  static String mebibytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
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
