package io.faultline.bench;

import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What a row gave.
 *
 * @param samples figures by target and round; the rounds of all targets are beside each other
 * @param failures targets without figures, and why
 * @param othersCores how many cores other processes used meanwhile, the median of the rounds
 */
record RowResult(
    Row row,
    Map<String, List<Map<String, Double>>> samples,
    Map<String, String> failures,
    double othersCores) {

  /** The median of a figure over the rounds, NaN if there is none. */
  double median(String target, String figure) {
    double[] values =
        samples.getOrDefault(target, List.of()).stream()
            .map(sample -> sample.get(figure))
            .filter(Objects::nonNull)
            .mapToDouble(Double::doubleValue)
            .toArray();
    return values.length == 0 ? Double.NaN : Spread.of(values).median();
  }
}
