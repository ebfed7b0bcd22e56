package io.faultline.soak.model;

/**
 * Attributes of one inode.
 *
 * @param sizeBytes length of a file or of a link's target; 0 for a directory, whose size is the
 *     implementation's own affair
 * @param blocks number of 4096-byte blocks, data and unwritten, beyond the end of file included
 * @param mode type and permission bits as in {@code st_mode}
 * @param links hard link count; a directory has 2 plus its subdirectories
 * @param inode the model's own number, never comparable with another implementation's
 */
public record Stat(long sizeBytes, long blocks, int mode, int links, long inode) {

  /** Mask of the file type in {@code mode}. */
  public static final int TYPE_MASK = 0170000;

  /** Type bits of a regular file. */
  public static final int REGULAR = 0100000;

  /** Type bits of a directory. */
  public static final int DIRECTORY = 0040000;

  /** Type bits of a symbolic link. */
  public static final int SYMLINK = 0120000;

  /** Whether these are the attributes of a directory. */
  public boolean isDirectory() {
    return (mode & TYPE_MASK) == DIRECTORY;
  }
}
