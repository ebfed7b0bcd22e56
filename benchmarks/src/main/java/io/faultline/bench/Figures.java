package io.faultline.bench;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The figures of a run for programs, in the order in which they were printed. */
final class Figures {
  private final Map<String, Object> figures = new LinkedHashMap<>();

  /** Adds a number, a text, or a {@link Spread}, which becomes three numbers. */
  void put(String key, Object value) {
    if (value instanceof Spread spread) {
      figures.put(key, spread.median());
      figures.put(key + ".min", spread.min());
      figures.put(key + ".max", spread.max());
    } else {
      figures.put(key, value);
    }
  }

  /** One flat object, a key a line. */
  String json() {
    StringBuilder text = new StringBuilder("{");
    figures.forEach(
        (key, value) -> {
          text.append(text.length() == 1 ? "\n" : ",\n").append("  \"").append(key).append("\": ");
          switch (value) {
            case Double d ->
                text.append(
                    d.isInfinite() || d.isNaN() ? "null" : String.format(Locale.ROOT, "%.4g", d));
            case Number n -> text.append(n);
            case Boolean b -> text.append(b);
            default ->
                text.append('"')
                    .append(value.toString().replace("\\", "\\\\").replace("\"", "\\\""))
                    .append('"');
          }
        });
    return text.append("\n}\n").toString();
  }
}
