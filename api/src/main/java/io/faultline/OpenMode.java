package io.faultline;

import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;

/**
 * What a set of open options asks for, in the words of open(2).
 *
 * @param create make the file if there is none ({@code O_CREAT})
 * @param createNew make the file and refuse one that is there ({@code O_CREAT|O_EXCL})
 * @param truncate empty the file ({@code O_TRUNC})
 * @param append writes go to the end ({@code O_APPEND})
 * @param sync every write syncs data and attributes ({@code O_SYNC})
 * @param dataSync every write syncs data at least ({@code O_DSYNC})
 * @param noFollow a symbolic link at the end is refused ({@code O_NOFOLLOW})
 */
record OpenMode(
    boolean read,
    boolean write,
    boolean append,
    boolean create,
    boolean createNew,
    boolean truncate,
    boolean sync,
    boolean dataSync,
    boolean noFollow) {

  /** Permission bits of a file that open makes. */
  static final int CREATED_MODE = 0644;

  /**
   * Reads the options.
   *
   * @throws ErrnoException EINVAL an option that a volume does not have
   */
  static OpenMode of(String path, OpenOption... options) throws ErrnoException {
    boolean read = false;
    boolean write = false;
    boolean append = false;
    boolean create = false;
    boolean createNew = false;
    boolean truncate = false;
    boolean sync = false;
    boolean dataSync = false;
    boolean noFollow = false;
    for (OpenOption option : options) {
      if (option == LinkOption.NOFOLLOW_LINKS) {
        noFollow = true;
        continue;
      }
      if (!(option instanceof StandardOpenOption standard)) {
        throw refused(path, option);
      }
      switch (standard) {
        case READ -> read = true;
        case WRITE -> write = true;
        case APPEND -> append = true;
        case CREATE -> create = true;
        case CREATE_NEW -> createNew = true;
        case TRUNCATE_EXISTING -> truncate = true;
        case SYNC -> sync = true;
        case DSYNC -> dataSync = true;
        case SPARSE -> {
          // Every file is sparse.
        }
        case DELETE_ON_CLOSE -> throw refused(path, option);
      }
    }
    boolean writing = write || append;
    return new OpenMode(
        read || !writing,
        writing,
        append,
        writing && create && !createNew,
        writing && createNew,
        writing && truncate,
        sync,
        sync || dataSync,
        noFollow);
  }

  private static ErrnoException refused(String path, OpenOption option) {
    return new ErrnoException(Errno.EINVAL, "open", path + ": " + option + " is not supported");
  }
}
