package io.faultline.bench;

import java.util.List;
import java.util.Map;

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

  /** How the failure of a target begins that is there and could not be measured. */
  static final String FAILED = "failed: ";

  /** Targets that were not measured, a line each. */
  List<String> notMeasured() {
    return failures.entrySet().stream()
        .map(each -> "%s of %s %s".formatted(each.getKey(), row.key(), each.getValue()))
        .toList();
  }

  /** How many targets are there and could not be measured. */
  long failed() {
    return failures.values().stream().filter(why -> why.startsWith(FAILED)).count();
  }
}
