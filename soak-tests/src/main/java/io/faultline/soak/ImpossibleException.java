package io.faultline.soak;

import java.io.IOException;

/** The soak cannot be done as asked; says nothing about the engine. */
final class ImpossibleException extends IOException {
  private static final long serialVersionUID = 1L;

  ImpossibleException(String message) {
    super(message);
  }
}
