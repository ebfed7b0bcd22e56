package io.faultline.soak.model;

import java.io.Serial;

/** Carries an errno from the depth of an operation to the {@link Outcome} it ends in. */
final class Refusal extends Exception {

  @Serial private static final long serialVersionUID = 1L;

  private final String errno;

  Refusal(String errno) {
    super(errno, null, false, false);
    this.errno = errno;
  }

  String errno() {
    return errno;
  }
}
