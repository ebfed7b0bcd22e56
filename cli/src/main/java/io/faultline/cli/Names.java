package io.faultline.cli;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Paths and names as words of one line: {@code %XX} stands for one byte of UTF-8. Space, {@code %}
 * and control characters are always written so; any byte may be.
 */
final class Names {
  private Names() {}

  /** A name as one word. */
  static String encode(String name) {
    StringBuilder word = new StringBuilder(name.length());
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c <= ' ' || c == '%' || c == 0x7f) {
        word.append(String.format(Locale.ROOT, "%%%02X", (int) c));
      } else {
        word.append(c);
      }
    }
    return word.toString();
  }

  /**
   * A name for people: only control characters are written as %XX, so that none moves the cursor.
   */
  static String printable(String name) {
    StringBuilder text = new StringBuilder(name.length());
    for (int i = 0; i < name.length(); i++) {
      String letter = name.substring(i, i + 1);
      text.append(Character.isISOControl(name.charAt(i)) ? encode(letter) : letter);
    }
    return text.toString();
  }

  /**
   * The name that a word stands for.
   *
   * @throws IllegalArgumentException an incomplete %XX, or bytes that are not UTF-8
   */
  static String decode(String word) {
    if (word.indexOf('%') < 0) {
      return word;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(word.length());
    byte[] raw = word.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < raw.length; i++) {
      if (raw[i] != '%') {
        bytes.write(raw[i]);
        continue;
      }
      int high = i + 2 < raw.length ? Character.digit(raw[i + 1], 16) : -1;
      int low = i + 2 < raw.length ? Character.digit(raw[i + 2], 16) : -1;
      if (high < 0 || low < 0) {
        throw new IllegalArgumentException(word + ": % begins %XX, two hexadecimal digits");
      }
      bytes.write(high << 4 | low);
      i += 2;
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes.toByteArray()))
          .toString();
    } catch (CharacterCodingException notUtf8) {
      throw new IllegalArgumentException(word + ": not UTF-8", notUtf8);
    }
  }
}
