package io.faultline.cli;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Lines of UTF-8 out of a stream. Nothing is replaced or cut in silence: a line that is not UTF-8
 * or longer than two encoded paths can be is told as such, and the next one is read as if nothing
 * had been.
 */
final class LineSource {
  /** Two paths of 4096 bytes, each byte as %XX, and room for a verb and numbers. */
  static final int LINE_BYTES_MAX = 2 * 3 * 4096 + 1024;

  private final InputStream in;

  LineSource(InputStream in) {
    this.in = new BufferedInputStream(in);
  }

  /** A line that cannot be read. */
  static final class Unreadable extends Exception {
    private static final long serialVersionUID = 1L;

    Unreadable(String why) {
      super(why);
    }
  }

  /** The next line without its end; empty at the end of the stream. */
  Optional<String> next() throws IOException, Unreadable {
    ByteArrayOutputStream line = new ByteArrayOutputStream(128);
    boolean tooLong = false;
    int octet = in.read();
    if (octet < 0) {
      return Optional.empty();
    }
    while (octet >= 0 && octet != '\n') {
      tooLong |= line.size() == LINE_BYTES_MAX;
      if (!tooLong) {
        line.write(octet);
      }
      octet = in.read();
    }
    if (tooLong) {
      throw new Unreadable("a line is at most " + LINE_BYTES_MAX + " bytes");
    }
    try {
      return Optional.of(
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(line.toByteArray()))
              .toString());
    } catch (CharacterCodingException notUtf8) {
      throw new Unreadable("a line is UTF-8");
    }
  }
}
