package io.faultline;

import java.util.Locale;

/** Sizes in words, as util-linux reads them. */
final class SizeText {
  private SizeText() {}

  /** {@link VolumeOptions#parseSizeBytes}. */
  static long parseBytes(String size) {
    String text = size.strip().toLowerCase(Locale.ROOT);
    int digits = 0;
    while (digits < text.length() && text.charAt(digits) >= '0' && text.charAt(digits) <= '9') {
      digits++;
    }
    String suffix = text.substring(digits);
    int power = suffix.isEmpty() || suffix.equals("b") ? 0 : "kmgt".indexOf(suffix.charAt(0)) + 1;
    boolean decimal = suffix.length() == 2 && suffix.charAt(1) == 'b';
    boolean known =
        suffix.isEmpty()
            || suffix.equals("b")
            || (power > 0 && (suffix.length() == 1 || decimal || suffix.substring(1).equals("ib")));
    if (digits == 0 || !known) {
      throw new IllegalArgumentException(
          "\""
              + size
              + "\" is no size: digits and k, m, g, t (1024), KiB, MiB, … or KB, MB, … (1000)");
    }
    try {
      long bytes = Long.parseLong(text.substring(0, digits));
      for (int i = 0; i < power; i++) {
        bytes = Math.multiplyExact(bytes, decimal ? 1000L : 1024L);
      }
      return bytes;
    } catch (NumberFormatException | ArithmeticException tooLarge) {
      throw new IllegalArgumentException(
          "\"" + size + "\" is more than " + Long.MAX_VALUE + " bytes", tooLarge);
    }
  }
}
