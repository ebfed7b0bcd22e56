package io.faultline.tree;

/** Counts towards a {@link TreeSummary}. Belongs to one thread. */
final class Tally {
  long files;
  long directories;
  long symlinks;
  long hardLinks;
  long bytes;
  long holeBytes;
  long skipped;
  long ownersKept;

  TreeSummary summary() {
    return new TreeSummary(
        files, directories, symlinks, hardLinks, bytes, holeBytes, skipped, ownersKept);
  }
}
