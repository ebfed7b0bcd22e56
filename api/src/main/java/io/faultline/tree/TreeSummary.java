package io.faultline.tree;

/**
 * What was carried over.
 *
 * @param files regular files, each counted once however many names it has
 * @param directories directories below the root of the tree
 * @param symlinks symbolic links
 * @param hardLinks further names of files already counted
 * @param bytes sum of the sizes of the files
 * @param holeBytes how many of them are holes on the side they came to
 * @param skipped entries left out, each reported
 * @param ownersKept entries whose owner the host did not let us set
 */
public record TreeSummary(
    long files,
    long directories,
    long symlinks,
    long hardLinks,
    long bytes,
    long holeBytes,
    long skipped,
    long ownersKept) {

  /** Whether everything was carried over. */
  public boolean isComplete() {
    return skipped == 0;
  }

  /** One line of {@code key=value} pairs. */
  @Override
  public String toString() {
    return "files="
        + files
        + " directories="
        + directories
        + " symlinks="
        + symlinks
        + " hardlinks="
        + hardLinks
        + " bytes="
        + bytes
        + " holes="
        + holeBytes
        + " skipped="
        + skipped
        + (ownersKept == 0 ? "" : " ownersnotset=" + ownersKept);
  }
}
