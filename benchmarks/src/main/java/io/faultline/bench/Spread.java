package io.faultline.bench;

import java.util.Arrays;
import java.util.Locale;

/** Median, smallest and largest of the rounds. */
record Spread(double median, double min, double max) {
  /** Of at least one value. */
  static Spread of(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    double median =
        sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    return new Spread(median, sorted[0], sorted[sorted.length - 1]);
  }

  /** For people, as {@code 1 234 (900..2 000)}. */
  String whole() {
    return whole(median) + " (" + whole(min) + ".." + whole(max) + ")";
  }

  /** For people, as {@code 1.23 (0.90..2.00)}. */
  String hundredths() {
    return String.format(Locale.ROOT, "%.2f (%.2f..%.2f)", median, min, max);
  }

  private static String whole(double value) {
    return String.format(Locale.ROOT, "%,.0f", value).replace(',', ' ');
  }
}
