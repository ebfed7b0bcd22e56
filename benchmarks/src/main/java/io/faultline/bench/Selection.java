package io.faultline.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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
      if (all.stream().noneMatch(row -> row.key().startsWith(word))
          && !BenchRun.SYNC.startsWith(word)) {
        throw new IllegalArgumentException(
            "rows=%s: known are %s"
                .formatted(
                    word,
                    Stream.concat(all.stream().map(Row::key), Stream.of(BenchRun.SYNC))
                        .collect(Collectors.joining(", "))));
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

  /** Whether the rows about syncs were. */
  static boolean hasSync(List<String> words) {
    return words.isEmpty() || words.stream().anyMatch(BenchRun.SYNC::startsWith);
  }
}
