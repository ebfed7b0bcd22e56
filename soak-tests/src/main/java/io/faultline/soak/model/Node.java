package io.faultline.soak.model;

import java.util.TreeMap;

/** An inode of the model, mutable and confined to {@link ModelFilesystem}. */
abstract sealed class Node {

  final long inode;
  int links;

  private Node(long inode, int links) {
    this.inode = inode;
    this.links = links;
  }

  abstract Stat stat();

  static final class Directory extends Node {
    final TreeMap<String, Node> children = new TreeMap<>();
    Directory parent;

    /** The root, which is its own parent. */
    Directory(long inode) {
      super(inode, 2);
      this.parent = this;
    }

    Directory(long inode, Directory parent) {
      super(inode, 2);
      this.parent = parent;
    }

    @Override
    Stat stat() {
      return new Stat(0, 0, Stat.DIRECTORY | 0755, links, inode);
    }
  }

  static final class RegularFile extends Node {
    final FileContent content = new FileContent();

    RegularFile(long inode) {
      super(inode, 1);
    }

    @Override
    Stat stat() {
      return new Stat(content.sizeBytes(), content.blocks(), Stat.REGULAR | 0644, links, inode);
    }
  }

  static final class Symlink extends Node {
    final String target;

    Symlink(long inode, String target) {
      super(inode, 1);
      this.target = target;
    }

    @Override
    Stat stat() {
      return new Stat(PathWalk.utf8Length(target), 0, Stat.SYMLINK | 0777, links, inode);
    }
  }
}
