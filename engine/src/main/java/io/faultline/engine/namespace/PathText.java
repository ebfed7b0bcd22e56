package io.faultline.engine.namespace;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A path, or the content of a symbolic link, taken apart.
 *
 * @param absolute begins at the root
 * @param names its components without empty ones; {@code .} and {@code ..} are kept, because what
 *     they mean depends on the tree
 * @param trailingSlash ends with a slash and so must lead to a directory
 */
record PathText(boolean absolute, List<String> names, boolean trailingSlash) {
  /** NAME_MAX. */
  private static final int NAME_BYTES_MAX = 255;

  /** PATH_MAX without the terminating NUL. */
  private static final int PATH_BYTES_MAX = 4095;

  /**
   * The path of an operation.
   *
   * @throws FsException ENOENT when empty, ENAMETOOLONG beyond 4095 bytes, EINVAL for what UTF-8 or
   *     C cannot express and for a relative path: a volume has no working directory
   */
  static PathText ofPath(String operation, String path) throws FsException {
    PathText text = ofLink(operation, path);
    if (!text.absolute) {
      throw new FsException(Errno.EINVAL, operation, "the path is not absolute: " + path);
    }
    return text;
  }

  /** The content of a symbolic link, which may be relative; errors as {@link #ofPath}. */
  static PathText ofLink(String operation, String text) throws FsException {
    checkLink(operation, text);
    List<String> names = new ArrayList<>();
    int start = 0;
    for (int i = 0; i <= text.length(); i++) {
      if (i == text.length() || text.charAt(i) == '/') {
        if (i > start) {
          names.add(text.substring(start, i));
        }
        start = i + 1;
      }
    }
    return new PathText(
        text.charAt(0) == '/',
        Collections.unmodifiableList(names),
        text.charAt(text.length() - 1) == '/');
  }

  /** Throws what {@link #ofLink} throws. */
  static void checkLink(String operation, String text) throws FsException {
    if (text.isEmpty()) {
      throw new FsException(Errno.ENOENT, operation, "the path is empty");
    }
    if (utf8Bytes(operation, text) > PATH_BYTES_MAX) {
      throw new FsException(
          Errno.ENAMETOOLONG, operation, "the path has more than " + PATH_BYTES_MAX + " bytes");
    }
  }

  /** Throws ENAMETOOLONG when {@code name}, a component, has more than 255 bytes. */
  static void checkName(String operation, String name) throws FsException {
    // A char is at most three bytes of UTF-8; most names are short enough to need no count.
    if (name.length() > NAME_BYTES_MAX / 3 && utf8Bytes(operation, name) > NAME_BYTES_MAX) {
      throw new FsException(
          Errno.ENAMETOOLONG, operation, "a name has more than " + NAME_BYTES_MAX + " bytes");
    }
  }

  /** The length in UTF-8; throws EINVAL for NUL and for half a surrogate pair. */
  private static int utf8Bytes(String operation, String text) throws FsException {
    int bytes = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == 0) {
        throw new FsException(Errno.EINVAL, operation, "the path has a NUL at " + i);
      }
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
        bytes += 4;
      } else if (Character.isSurrogate(c)) {
        throw new FsException(Errno.EINVAL, operation, "an unpaired surrogate at " + i);
      } else {
        bytes += c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
      }
    }
    return bytes;
  }
}
