package io.faultline.bench;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What was measured, for people: as text for a terminal and as Markdown. */
final class Sheet {
  /** One goal of a row: five cells. */
  private record Line(String row, String what, String goal, String reached, String status) {}

  private final List<RowResult> results = new ArrayList<>();
  private final List<Line> lines = new ArrayList<>();
  private final Map<Verdict.Status, Integer> counts = new EnumMap<>(Verdict.Status.class);

  void add(RowResult result) {
    results.add(result);
    String key = result.row().key();
    String title = result.row().title();
    for (Verdict verdict : Verdict.of(result)) {
      lines.add(new Line(key, title, verdict.goal(), reached(verdict), status(verdict)));
      counts.merge(verdict.status(), 1, Integer::sum);
      key = "";
      title = "";
    }
  }

  /** How many goals ended how. */
  String summary() {
    return "goals: "
        + counts.entrySet().stream()
            .map(entry -> entry.getValue() + " " + name(entry.getKey()))
            .collect(Collectors.joining(", "));
  }

  /** One row: figures of every target, then the goals. */
  static List<String> text(RowResult result) {
    List<String> lines = new ArrayList<>();
    lines.add("");
    lines.add(result.row().key() + ": " + result.row().title());
    for (String target : result.row().targets()) {
      lines.add("  %-10s %s".formatted(target, figures(result, target)));
    }
    for (Verdict verdict : Verdict.of(result)) {
      lines.add("  %-28s %-24s %s".formatted(verdict.goal(), reached(verdict), status(verdict)));
    }
    return lines;
  }

  private static String figures(RowResult result, String target) {
    String failure = result.failures().get(target);
    if (failure != null) {
      return failure;
    }
    List<Map<String, Double>> samples = result.samples().getOrDefault(target, List.of());
    TreeSet<String> names = new TreeSet<>();
    samples.forEach(sample -> names.addAll(sample.keySet()));
    List<String> texts = new ArrayList<>();
    for (String name : names) {
      double[] values = samples.stream().mapToDouble(sample -> sample.get(name)).toArray();
      Spread spread = Spread.of(values);
      texts.add(name + " " + (spread.max() >= 100 ? spread.whole() : spread.hundredths()));
    }
    return String.join(", ", texts);
  }

  private static String reached(Verdict verdict) {
    Spread reached = verdict.reached();
    return reached == null ? "-" : reached.max() >= 1000 ? reached.whole() : reached.hundredths();
  }

  private static String status(Verdict verdict) {
    return name(verdict.status()) + (verdict.note().isEmpty() ? "" : ": " + verdict.note());
  }

  private static String name(Verdict.Status status) {
    return status == Verdict.Status.MET ? "met" : status.name().replace('_', ' ');
  }

  /** Puts figures and verdicts where programs find them. */
  static void put(RowResult result, Figures figures) {
    String key = result.row().key();
    result
        .samples()
        .forEach(
            (target, samples) -> {
              for (String name : new TreeSet<>(samples.getFirst().keySet())) {
                double[] values = samples.stream().mapToDouble(each -> each.get(name)).toArray();
                figures.put(key + "." + target + "." + name, Spread.of(values));
              }
            });
    figures.put(key + ".othersCores", result.othersCores());
    for (Verdict verdict : Verdict.of(result)) {
      String name = key + ".goal " + verdict.goal();
      if (verdict.reached() != null) {
        figures.put(name, verdict.reached());
      }
      figures.put(name + ".status", verdict.status().name().toLowerCase(Locale.ROOT));
    }
  }

  /**
   * A file: where and how, then the goals, then the figures.
   *
   * @param head lines about machine and run
   */
  String markdown(List<String> head) {
    StringBuilder text = new StringBuilder("# Measured by `faultline bench`\n\n");
    head.forEach(line -> text.append("- ").append(line).append('\n'));
    text.append('\n').append(summary()).append(".\n\n");
    text.append("| row | what | goal | reached: median (min..max) | |\n|---|---|---|---|---|\n");
    for (Line line : lines) {
      text.append(
          "| %s | %s | %s | %s | %s |\n"
              .formatted(line.row, line.what, line.goal, line.reached, line.status));
    }
    text.append(
        "\n`ns` is nanoseconds a call of one thread; `alone` is that without the others.\n\n");
    text.append("| row | target | figures: median (min..max) |\n|---|---|---|\n");
    for (RowResult result : results) {
      String key = result.row().key();
      for (String target : result.row().targets()) {
        text.append("| %s | %s | %s |\n".formatted(key, target, figures(result, target)));
        key = "";
      }
    }
    return text.toString();
  }
}
