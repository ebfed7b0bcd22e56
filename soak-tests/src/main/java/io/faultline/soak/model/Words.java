package io.faultline.soak.model;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/** The lexical level of the {@code ops} grammar: words separated by blanks, {@code %XX} inside. */
final class Words {

  private static final HexFormat HEX = HexFormat.of().withUpperCase();

  private Words() {}

  static List<String> split(String line) {
    return Arrays.stream(line.split(" ", -1)).filter(word -> !word.isEmpty()).toList();
  }

  /** Space, percent and control bytes become {@code %XX}; everything else stays readable. */
  static String encode(String text) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c <= ' ' || c == '%' || c == 0x7F) {
        out.append('%').append(HEX.toHexDigits((byte) c));
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  /**
   * Undoes {@link #encode}; any byte may come escaped.
   *
   * @throws IllegalArgumentException on a broken escape, a NUL, or bytes that are not UTF-8
   */
  static String decode(String word) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] raw = word.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < raw.length; i++) {
      if (raw[i] != '%') {
        bytes.write(raw[i]);
        continue;
      }
      if (i + 2 >= raw.length) {
        throw new IllegalArgumentException("broken escape in " + word);
      }
      bytes.write((HexFormat.fromHexDigit(raw[i + 1]) << 4) | HexFormat.fromHexDigit(raw[i + 2]));
      i += 2;
    }
    try {
      String text =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(bytes.toByteArray()))
              .toString();
      if (text.indexOf('\0') >= 0) {
        throw new IllegalArgumentException("NUL in " + word);
      }
      return text;
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("not UTF-8: " + word, e);
    }
  }
}
