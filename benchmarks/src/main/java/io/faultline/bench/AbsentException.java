package io.faultline.bench;

import java.io.IOException;

/** The library of a peer is not on the class path. */
final class AbsentException extends IOException {
  private static final long serialVersionUID = 1L;

  AbsentException(String what) {
    super(what);
  }
}
