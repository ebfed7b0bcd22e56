package io.faultline.bench;

import java.io.IOException;

/** What was measured gave wrong data; the message is the rest of a line {@code VIOLATION …}. */
final class WrongDataException extends IOException {
  private static final long serialVersionUID = 1L;

  WrongDataException(String what) {
    super(what);
  }
}
