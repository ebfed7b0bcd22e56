package io.faultline.engine.lock;

/** What the owner of a lock is: locks of one rank but of different roles are different nodes. */
public enum LockRole {
  /** A regular file's. */
  DATA_FILE,
  /** A directory's or a symbolic link's. */
  DIRECTORY,
  /** The volume's own. */
  VOLUME
}
