package io.faultline.cli;

import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;

/** Failures as the one line a person reads. */
final class Failures {
  private Failures() {}

  /** What went wrong, without line ends. */
  static String oneLine(Throwable failure) {
    String message =
        failure instanceof FileSystemException host && host.getReason() == null
            ? host.getMessage() + ": " + reason(host)
            : failure.getMessage();
    String text =
        message == null || message.isBlank() ? failure.getClass().getSimpleName() : message;
    return text.replaceAll("\\R+", " ");
  }

  /** The host tells these by their class alone; their message is the path and nothing more. */
  private static String reason(FileSystemException failure) {
    return switch (failure) {
      case NoSuchFileException e -> "no such file or directory";
      case AccessDeniedException e -> "permission denied";
      case FileAlreadyExistsException e -> "file exists";
      case DirectoryNotEmptyException e -> "directory not empty";
      case NotDirectoryException e -> "not a directory";
      case NotLinkException e -> "not a symbolic link";
      case FileSystemLoopException e -> "a loop of symbolic links";
      default -> failure.getClass().getSimpleName();
    };
  }
}
