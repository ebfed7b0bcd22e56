package io.faultline;

import java.util.List;

/**
 * What a check of the whole volume found.
 *
 * @param inodes how many inodes were visited
 * @param blocks how many mapped blocks were visited
 * @param findings in the order of their inodes; empty when everything fits together
 */
public record FsckReport(long inodes, long blocks, List<Finding> findings) {

  public FsckReport {
    findings = List.copyOf(findings);
  }

  /**
   * One contradiction.
   *
   * @param kind which rule is broken, one word such as {@code double-mapped}
   * @param ino the inode concerned, or {@link ErrnoException#NONE}
   * @param offset first byte concerned, or {@link ErrnoException#NONE}
   * @param length bytes concerned, or {@link ErrnoException#NONE}
   * @param text a sentence for people
   */
  public record Finding(String kind, long ino, long offset, long length, String text) {}

  /** Whether nothing was found. */
  public boolean isClean() {
    return findings.isEmpty();
  }
}
