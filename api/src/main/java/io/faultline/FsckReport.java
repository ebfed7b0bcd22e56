package io.faultline;

import java.util.List;

/**
 * What a check of the whole volume found.
 *
 * @param inodes how many inodes were visited
 * @param blocks how many mapped blocks were visited
 * @param lastLsn the newest transaction that was looked at, 0 if there is none
 * @param findings the contradictions, kind by kind; empty when everything fits together. At most
 *     1,000 are listed
 * @param unlisted how many more there are
 * @param orphans inodes that were removed while somebody had them open; no contradiction, the next
 *     open for writing frees them. Empty for an open volume, where they are in use
 */
public record FsckReport(
    long inodes,
    long blocks,
    long lastLsn,
    List<Finding> findings,
    long unlisted,
    List<Orphan> orphans) {

  public FsckReport {
    findings = List.copyOf(findings);
    orphans = List.copyOf(orphans);
  }

  /** A report in which everything found is listed and nothing is an orphan. */
  public FsckReport(long inodes, long blocks, long lastLsn, List<Finding> findings) {
    this(inodes, blocks, lastLsn, findings, 0, List.of());
  }

  /**
   * One contradiction.
   *
   * @param kind which rule is broken, one word such as {@code block-twice}
   * @param ino the inode concerned, or {@link ErrnoException#NONE}
   * @param path one that leads to it, empty if there is none
   * @param offset first byte concerned, or {@link ErrnoException#NONE}
   * @param length bytes concerned, or {@link ErrnoException#NONE}
   * @param saw what is there, in words
   * @param allowed what may be there, in words
   * @param lsn the last transaction that touched the inode, or the blocks if the finding is about
   *     blocks; {@link ErrnoException#NONE} if none did, or if the volume is open
   */
  public record Finding(
      String kind,
      long ino,
      String path,
      long offset,
      long length,
      String saw,
      String allowed,
      long lsn) {

    /** A sentence for people. */
    public String text() {
      return (path.isEmpty() ? "" : path + ": ") + saw + ", allowed: " + allowed;
    }
  }

  /**
   * An inode without a name.
   *
   * @param blocks it has mapped
   */
  public record Orphan(long ino, long blocks) {}

  /** Whether nothing was found. */
  public boolean isClean() {
    return findings.isEmpty();
  }
}
