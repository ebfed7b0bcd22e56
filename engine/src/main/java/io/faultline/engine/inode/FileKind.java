package io.faultline.engine.inode;

/** What an inode is. The order is part of the journal format: append only. */
public enum FileKind {
  REGULAR,
  DIRECTORY,
  SYMLINK
}
