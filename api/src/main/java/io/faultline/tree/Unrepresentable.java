package io.faultline.tree;

import java.io.IOException;

/** An entry that one side has and the other cannot hold. */
final class Unrepresentable extends IOException {
  private static final long serialVersionUID = 1L;

  Unrepresentable(String reason) {
    super(reason);
  }

  Unrepresentable(String reason, Throwable cause) {
    super(reason, cause);
  }
}
