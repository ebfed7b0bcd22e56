package io.faultline.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Which rows were asked for: each word is a key or the beginning of several. */
final class Selection {
  private Selection() {}

  /**
   * The rows asked for, in their order.
   *
   * @throws IllegalArgumentException a word is the beginning of no key
   */
  static List<Row> of(List<Row> all, List<String> words) {
    for (String word : words) {
      if (all.stream().noneMatch(row -> row.key().startsWith(word))) {
        String known = all.stream().map(Row::key).collect(Collectors.joining(", "));
        throw new IllegalArgumentException("rows=%s: known are %s".formatted(word, known));
      }
    }
    List<Row> chosen = new ArrayList<>();
    for (Row row : all) {
      if (words.isEmpty() || words.stream().anyMatch(row.key()::startsWith)) {
        chosen.add(row);
      }
    }
    return chosen;
  }
}
