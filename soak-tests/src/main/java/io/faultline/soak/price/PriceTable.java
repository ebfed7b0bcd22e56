package io.faultline.soak.price;

import io.faultline.soak.price.Row.Sample;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;

/**
 * The samples of all rows, and what is said about them. A ratio is formed within each round and the
 * median of those is shown: what the machine did in between touches both sides of it.
 */
final class PriceTable {
  private final String reference;
  private final Map<String, Map<String, List<Sample>>> samples = new HashMap<>();

  /** The figures for programs, in the order in which they were printed. */
  private final Map<String, Object> figures = new LinkedHashMap<>();

  /** A table in which the others are compared with {@code reference}. */
  PriceTable(String reference) {
    this.reference = reference;
  }

  /** Adds the sample of one round; rounds of one row are added in the same order for all. */
  void add(Row row, String contender, Sample sample) {
    samples
        .computeIfAbsent(row.key(), key -> new LinkedHashMap<>())
        .computeIfAbsent(contender, name -> new ArrayList<>())
        .add(sample);
  }

  private List<Sample> of(String row, String contender) {
    return samples.getOrDefault(row, Map.of()).getOrDefault(contender, List.of());
  }

  /** Whether there are samples. */
  boolean has(Row row, String contender) {
    return !of(row.key(), contender).isEmpty();
  }

  /** Adds a figure for programs. */
  void put(String key, Object value) {
    figures.put(key, value);
  }

  Map<String, Object> figures() {
    return figures;
  }

  /** The lines of one row: its title, a heading, a line a contender. */
  List<String> lines(Row row) {
    List<String> lines = new ArrayList<>();
    lines.add("");
    lines.add(row.title());
    lines.add(
        "  %-20s %28s  %-22s %-34s%s"
            .formatted(
                "",
                row.unit() + "/s (min..max)",
                "times " + reference,
                "one takes p50, p99.9, max us",
                row.besideUnit().isEmpty()
                    ? ""
                    : "  " + row.besideUnit() + "/s, times " + reference)
            .stripTrailing());
    samples.getOrDefault(row.key(), Map.of()).keySet().forEach(c -> lines.add(line(row, c)));
    return lines;
  }

  private String line(Row row, String contender) {
    List<Sample> mine = of(row.key(), contender);
    Spread rate = spread(mine, Sample::perSecond);
    Histogram nanos = new Histogram(mine.getFirst().nanos());
    nanos.reset();
    mine.forEach(sample -> nanos.add(sample.nanos()));
    String key = row.key() + "." + contender.replace(' ', '-') + ".";
    put(key + row.unit() + "PerSecond", rate);
    put(key + "p50Nanos", nanos.getValueAtPercentile(50));
    put(key + "p999Nanos", nanos.getValueAtPercentile(99.9));
    put(key + "maxNanos", nanos.getMaxValue());
    String text =
        String.format(
            Locale.ROOT,
            "  %-20s %28s  %-22s %10.2f %11.1f %11.1f",
            contender,
            whole(rate.median()) + " (" + whole(rate.min()) + ".." + whole(rate.max()) + ")",
            times(key + "times", ratios(row.key(), contender, Sample::perSecond)),
            nanos.getValueAtPercentile(50) / 1e3,
            nanos.getValueAtPercentile(99.9) / 1e3,
            nanos.getMaxValue() / 1e3);
    if (!row.besideUnit().isEmpty()) {
      Spread beside = spread(mine, Sample::besidePerSecond);
      put(key + row.besideUnit() + "PerSecond", beside);
      text +=
          "  %10s %s"
              .formatted(
                  whole(beside.median()),
                  times(
                      key + row.besideUnit() + "Times",
                      ratios(row.key(), contender, Sample::besidePerSecond)));
    }
    String alone = row.aloneKey();
    if (alone != null) {
      Spread kept = Spread.of(quotients(mine, of(alone, contender), Sample::perSecond));
      put(key + "kept", kept);
      text +=
          String.format(
              Locale.ROOT,
              "  readers keep %.0f %% (%.0f..%.0f)",
              100 * kept.median(),
              100 * kept.min(),
              100 * kept.max());
    }
    return text;
  }

  private String times(String key, double[] ratios) {
    if (ratios.length == 0) {
      return "-";
    }
    Spread spread = Spread.of(ratios);
    put(key, spread);
    return String.format(
        Locale.ROOT, "%.2f (%.2f..%.2f)", spread.median(), spread.min(), spread.max());
  }

  private double[] ratios(String row, String contender, ToDoubleFunction<Sample> figure) {
    if (of(row, reference).isEmpty()) {
      return new double[0];
    }
    return quotients(of(row, contender), of(row, reference), figure);
  }

  /** What one of {@code row} takes longer on average in {@code with} than in {@code without}. */
  Spread extraNanos(String row, String with, String without) {
    List<Sample> dear = of(row, with);
    List<Sample> cheap = of(row, without);
    double[] extra = new double[Math.min(dear.size(), cheap.size())];
    for (int i = 0; i < extra.length; i++) {
      extra[i] = 1e9 / dear.get(i).perSecond() - 1e9 / cheap.get(i).perSecond();
    }
    return Spread.of(extra);
  }

  /** What one takes on average. */
  Spread nanos(String row, String contender) {
    return spread(of(row, contender), sample -> 1e9 / sample.perSecond());
  }

  private static double[] quotients(
      List<Sample> above, List<Sample> below, ToDoubleFunction<Sample> figure) {
    double[] quotients = new double[Math.min(above.size(), below.size())];
    for (int i = 0; i < quotients.length; i++) {
      quotients[i] = figure.applyAsDouble(above.get(i)) / figure.applyAsDouble(below.get(i));
    }
    return quotients;
  }

  private static Spread spread(List<Sample> samples, ToDoubleFunction<Sample> figure) {
    return Spread.of(samples.stream().mapToDouble(figure).toArray());
  }

  /** For people: 1 234 567. */
  static String whole(double value) {
    return String.format(Locale.ROOT, "%,.0f", value).replace(',', ' ');
  }

  /** One flat object, a key a line; a spread is three of them. */
  String json() {
    StringBuilder text = new StringBuilder("{");
    figures.forEach(
        (key, value) -> {
          if (value instanceof Spread spread) {
            member(text, key, spread.median());
            member(text, key + ".min", spread.min());
            member(text, key + ".max", spread.max());
          } else {
            member(text, key, value);
          }
        });
    return text.append("\n}\n").toString();
  }

  private static void member(StringBuilder text, String key, Object value) {
    text.append(text.length() == 1 ? "\n" : ",\n").append("  \"").append(key).append("\": ");
    switch (value) {
      // Half a percent of a count is noise, and JSON knows no infinity.
      case Double d ->
          text.append(d.isInfinite() || d.isNaN() ? "null" : String.format(Locale.ROOT, "%.4g", d));
      case Number n -> text.append(n);
      default ->
          text.append('"')
              .append(value.toString().replace("\\", "\\\\").replace("\"", "\\\""))
              .append('"');
    }
  }
}
