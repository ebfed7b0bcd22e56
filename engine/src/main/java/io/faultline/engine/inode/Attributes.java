package io.faultline.engine.inode;

/**
 * What {@code stat(2)} tells of every inode, whatever its kind. Times are nanoseconds since the
 * epoch.
 *
 * @param mode permission bits, 07777
 * @param nlink names that lead here; a directory counts its own {@code .} and its children's {@code
 *     ..}
 */
public record Attributes(
    long ino,
    int mode,
    int uid,
    int gid,
    int nlink,
    long atimeNanos,
    long mtimeNanos,
    long ctimeNanos,
    long btimeNanos) {

  public Attributes withNlink(int links, long ctime) {
    return new Attributes(ino, mode, uid, gid, links, atimeNanos, mtimeNanos, ctime, btimeNanos);
  }

  public Attributes modified(long mtime, long ctime) {
    return new Attributes(ino, mode, uid, gid, nlink, atimeNanos, mtime, ctime, btimeNanos);
  }
}
