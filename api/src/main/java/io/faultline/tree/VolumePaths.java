package io.faultline.tree;

import io.faultline.Errno;
import io.faultline.ErrnoException;
import io.faultline.Volume;
import java.io.IOException;

/** Paths inside a volume as strings. */
public final class VolumePaths {
  private VolumePaths() {}

  /** The path of {@code name} in {@code directory}. */
  public static String child(String directory, String name) {
    return directory.endsWith("/") ? directory + name : directory + "/" + name;
  }

  /** The last name of a path; empty for the root. */
  public static String name(String path) {
    int end = path.length();
    while (end > 0 && path.charAt(end - 1) == '/') {
      end--;
    }
    return path.substring(path.lastIndexOf('/', end - 1) + 1, end);
  }

  /** Makes a directory and its parents as far as they are missing. */
  public static void makeDirectories(Volume volume, String path) throws IOException {
    if (!path.startsWith("/")) {
      throw new ErrnoException(Errno.EINVAL, "mkdir", path + ": a path begins with /");
    }
    String made = "/";
    for (String name : path.split("/", -1)) {
      if (name.isEmpty()) {
        continue;
      }
      made = child(made, name);
      try {
        volume.mkdir(made);
      } catch (ErrnoException failure) {
        // stat follows links: one that leads to a directory serves as well.
        if (failure.errno() != Errno.EEXIST || !volume.stat(made).isDirectory()) {
          throw failure;
        }
      }
    }
  }
}
