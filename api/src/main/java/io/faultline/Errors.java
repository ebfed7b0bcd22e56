package io.faultline;

import io.faultline.engine.errno.FsException;
import java.io.IOException;

/**
 * The one place where the engine's failures become the public ones. The message, the cause and the
 * suppressed failures stay what they were; the engine's exception is the cause, so that its stack
 * trace is not lost.
 */
final class Errors {
  private Errors() {}

  /** The public form of what the engine threw; anything but an {@link FsException} is EIO. */
  static ErrnoException translate(String operation, IOException failure) {
    return switch (failure) {
      case ErrnoException translated -> translated;
      case FsException engine ->
          new ErrnoException(
              errno(engine),
              engine.operation(),
              known(engine.ino()),
              known(engine.offset()),
              known(engine.length()),
              engine.getMessage(),
              engine);
      default ->
          new ErrnoException(
              Errno.EIO,
              operation,
              ErrnoException.NONE,
              ErrnoException.NONE,
              ErrnoException.NONE,
              Errno.EIO + " " + operation + ": " + text(failure),
              failure);
    };
  }

  /** Some of the host's failures, such as a channel closed by an interrupt, say nothing. */
  private static String text(IOException failure) {
    String message = failure.getMessage();
    return message == null ? failure.getClass().getSimpleName() : message;
  }

  /** The public form of what the engine threw where a mapped page could not be had. */
  static BusErrorException translateFault(String operation, IOException failure) {
    if (failure instanceof BusErrorException translated) {
      return translated;
    }
    ErrnoException plain = translate(operation, failure);
    return new BusErrorException(
        plain.errno(),
        plain.operation(),
        plain.inode(),
        plain.offset(),
        plain.length(),
        plain.getMessage(),
        failure);
  }

  /** A figure of the engine's; "none" is said in the public word, whatever the engine's is. */
  private static long known(long figure) {
    return figure == FsException.NONE ? ErrnoException.NONE : figure;
  }

  private static Errno errno(FsException failure) {
    // By name: the public enumeration is a contract of its own and must not follow the engine's
    // order.
    return Errno.valueOf(failure.errno().name());
  }
}
