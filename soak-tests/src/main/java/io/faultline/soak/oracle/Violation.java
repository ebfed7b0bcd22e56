package io.faultline.soak.oracle;

import java.util.OptionalLong;

/**
 * Something a read returned that it must not.
 *
 * @param kind what is wrong
 * @param fileId the file
 * @param offset first byte of the sub-block, or the byte position of the wrong end
 * @param saw what was returned, without blanks
 * @param allowed what would have been right, without blanks
 * @param lsn journal position, where somebody knows it
 */
public record Violation(
    Kind kind, long fileId, long offset, String saw, String allowed, OptionalLong lsn) {

  /** Kinds of violation by the word printed. */
  public enum Kind {
    /** Bytes beyond every end of file of the interval. */
    PAST_EOF("past-eof"),
    /** Fewer bytes than the smallest file of the interval holds. */
    SHORT_READ("short-read"),
    /** An intact stamp of another file or another place. */
    FOREIGN_DATA("foreign-data"),
    /** An intact older version, or data where zeros are due, or zeros where data is due. */
    STALE_READ("stale-read"),
    /** Bytes of no version, torn while nothing was changing, or not yet written. */
    CORRUPT("corrupt"),
    /** At rest, the filesystem reports another size. */
    WRONG_SIZE("wrong-size");

    private final String word;

    Kind(String word) {
      this.word = word;
    }

    /** The word in the {@code VIOLATION} line. */
    public String word() {
      return word;
    }
  }

  /** The same with the journal position. */
  public Violation at(long position) {
    return new Violation(kind, fileId, offset, saw, allowed, OptionalLong.of(position));
  }

  /** The line that scripts look for. */
  public String line() {
    return "VIOLATION kind="
        + kind.word()
        + " ino="
        + fileId
        + " offset="
        + offset
        + " saw="
        + saw
        + " allowed="
        + allowed
        + " lsn="
        + (lsn.isPresent() ? Long.toString(lsn.getAsLong()) : "-");
  }
}
