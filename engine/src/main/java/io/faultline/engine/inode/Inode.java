package io.faultline.engine.inode;

import io.faultline.engine.extent.ExtentMap;
import org.pcollections.TreePMap;

/**
 * The evented state of one inode. Immutable: an {@link Event} applied to it gives the next one,
 * live and in replay alike (decision D3).
 */
public sealed interface Inode {
  Attributes attributes();

  FileKind kind();

  default long ino() {
    return attributes().ino();
  }

  /**
   * A regular file.
   *
   * @param durableSize bytes; the end of file that survives a crash. The size users see is volatile
   *     beside this one and at least as recent (rule R3).
   */
  record RegularFile(Attributes attributes, long durableSize, ExtentMap extents) implements Inode {
    @Override
    public FileKind kind() {
      return FileKind.REGULAR;
    }
  }

  /**
   * A directory.
   *
   * @param parent the inode of {@code ..}; its own for the root
   * @param entries names (without {@code .} and {@code ..}) to inode numbers
   */
  record Directory(Attributes attributes, long parent, TreePMap<String, Long> entries)
      implements Inode {
    @Override
    public FileKind kind() {
      return FileKind.DIRECTORY;
    }
  }

  /** A symbolic link. */
  record Symlink(Attributes attributes, String target) implements Inode {
    @Override
    public FileKind kind() {
      return FileKind.SYMLINK;
    }
  }
}
