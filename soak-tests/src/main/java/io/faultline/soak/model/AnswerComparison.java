package io.faultline.soak.model;

import java.util.ArrayList;
import java.util.List;

/**
 * Decides whether two answer lines to the same operation mean the same. What no two implementations
 * share is left out: the text after an errno, inode numbers, the size and blocks of a directory,
 * and where a run of equal blocks is cut into extents. An operation whose answer carries nothing in
 * the grammar is compared by success alone.
 */
public final class AnswerComparison {

  private AnswerComparison() {}

  /** Whether {@code actual} says what {@code expected} says about {@code op}. */
  public static boolean same(OpLine op, String expected, String actual) {
    return essence(op, expected).equals(essence(op, actual));
  }

  /** The comparable part of an answer. */
  public static String essence(OpLine op, String answer) {
    List<String> words = Words.split(answer.strip());
    if (words.isEmpty()) {
      return "";
    }
    if (!words.getFirst().equals("OK")) {
      return String.join(" ", words.subList(0, Math.min(2, words.size())));
    }
    return switch (op.verb()) {
      case READ, SEEK_DATA, SEEK_HOLE, LS -> String.join(" ", words);
      case STAT -> statEssence(words);
      case EXTENTS -> "OK " + (words.size() > 1 ? mergedExtents(words.get(1)) : "");
      default -> "OK";
    };
  }

  private static String statEssence(List<String> words) {
    boolean directory = words.stream().anyMatch(w -> w.matches("mode=0?4\\d{4}"));
    return String.join(
        " ",
        words.stream()
            .filter(word -> !word.startsWith("ino="))
            .filter(word -> !(directory && word.matches("(size|blocks)=.*")))
            .toList());
  }

  private static String mergedExtents(String text) {
    List<String> merged = new ArrayList<>();
    long start = 0;
    long end = -1;
    String state = "";
    for (String extent : text.split(",", -1)) {
      String[] parts = extent.split(":", -1);
      if (parts.length != 3) {
        return "malformed " + text;
      }
      long offset = Long.parseLong(parts[0]);
      if (offset != end || !state.equals(parts[2])) {
        if (end >= 0) {
          merged.add(start + ":" + end + ":" + state);
        }
        start = offset;
        state = parts[2];
      }
      end = offset + Long.parseLong(parts[1]);
    }
    merged.add(start + ":" + end + ":" + state);
    return String.join(",", merged);
  }
}
