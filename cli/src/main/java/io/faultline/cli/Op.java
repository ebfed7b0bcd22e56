package io.faultline.cli;

/**
 * One line of the {@code ops} grammar. Offsets, lengths and sizes are bytes and may be negative or
 * absurd: it is the volume that refuses them.
 */
sealed interface Op {
  record Create(String path) implements Op {}

  record Mkdir(String path) implements Op {}

  record Unlink(String path) implements Op {}

  record Rmdir(String path) implements Op {}

  record Rename(String from, String to) implements Op {}

  record Link(String existing, String newPath) implements Op {}

  record Symlink(String target, String path) implements Op {}

  record Write(String path, long offset, long length, byte value) implements Op {}

  record Append(String path, long length, byte value) implements Op {}

  record Read(String path, long offset, long length) implements Op {}

  record Truncate(String path, long size) implements Op {}

  record Punch(String path, long offset, long length) implements Op {}

  record Zero(String path, long offset, long length, boolean keepSize) implements Op {}

  record Allocate(String path, long offset, long length, boolean keepSize) implements Op {}

  record Collapse(String path, long offset, long length) implements Op {}

  record Insert(String path, long offset, long length) implements Op {}

  record CloneRange(String source, long sourceOffset, String path, long offset, long length)
      implements Op {}

  record Dedupe(String source, long sourceOffset, String path, long offset, long length)
      implements Op {}

  record SeekData(String path, long offset) implements Op {}

  record SeekHole(String path, long offset) implements Op {}

  record Extents(String path) implements Op {}

  record Stat(String path) implements Op {}

  record Ls(String path) implements Op {}

  record Fsync(String path) implements Op {}

  record Sync() implements Op {}

  record DropCaches() implements Op {}
}
