package io.faultline;

import io.faultline.persistence.checkpoint.Keep;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The words for how much of a journal is kept. */
final class KeepText {
  private static final Pattern DAYS = Pattern.compile("([0-9]{1,18})\\s*(d|day|days)");

  private KeepText() {}

  static Keep parse(String text) {
    String word = text.strip().toLowerCase(Locale.ROOT);
    if (word.equals("all")) {
      return new Keep.All();
    }
    Matcher days = DAYS.matcher(word);
    try {
      return days.matches()
          ? new Keep.Days(Long.parseLong(days.group(1)))
          : new Keep.Bytes(SizeText.parseBytes(word));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "keep=" + text + ": allowed are all, up to " + Keep.Days.DAYS_MAX + " days, or a size",
          e);
    }
  }

  static String of(Keep keep) {
    return switch (keep) {
      case Keep.All all -> "all";
      case Keep.Days days -> days.days() + " days";
      case Keep.Bytes bytes -> String.valueOf(bytes.bytes());
    };
  }
}
