package io.faultline.engine.inode;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Every inode of a volume by number: of one in use, or of one as it was. */
public interface Inodes {
  /** The inode, or null if there is none of that number. */
  @Nullable Inode get(long ino);

  int size();

  /** All inodes in the order of their numbers. */
  List<Inode> all();
}
