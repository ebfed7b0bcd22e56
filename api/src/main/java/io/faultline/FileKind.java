package io.faultline;

/** What an inode is. */
public enum FileKind {
  /** A file with bytes. */
  REGULAR(0100000),
  /** A directory. */
  DIRECTORY(0040000),
  /** A symbolic link. */
  SYMLINK(0120000);

  private final int typeBits;

  FileKind(int typeBits) {
    this.typeBits = typeBits;
  }

  /** The bits of {@code st_mode} under {@code S_IFMT}, inode(7). */
  public int typeBits() {
    return typeBits;
  }
}
