package io.faultline.cli;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Writes a file of the host whole or not at all: half of one would be taken for one. */
final class WholeFile {
  private WholeFile() {}

  /** Writes what it is for to {@code file}, which is empty or absent. */
  interface Writing {
    void to(Path file) throws IOException;
  }

  /** {@link #write(Path, Writing)} of a text. */
  static void write(Path target, String text) throws IOException {
    write(target, file -> Files.writeString(file, text));
  }

  /**
   * Has {@code writing} fill a file beside {@code target} and gives it that name. A link is
   * followed. What is no regular file, such as a terminal or {@code /dev/null}, is written to and
   * never replaced.
   *
   * @throws FileSystemException {@code target} is a directory
   */
  static void write(Path target, Writing writing) throws IOException {
    if (Files.isDirectory(target)) {
      throw new FileSystemException(target.toString(), null, "is a directory");
    }
    if (Files.exists(target) && !Files.isRegularFile(target)) {
      writing.to(target);
      return;
    }
    Path whole = Files.exists(target) ? target.toRealPath() : target.toAbsolutePath();
    Path part = whole.resolveSibling(whole.getFileName() + ".part");
    try {
      writing.to(part);
      Files.move(part, whole, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }
}
