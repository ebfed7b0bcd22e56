package io.faultline.persistence.history;

import java.util.function.Predicate;

/**
 * Something that holds in a state of a volume or does not. Written as
 *
 * <pre>
 *  condition  = conjunction { "||" conjunction }
 *  conjunction = term { "&amp;&amp;" term }
 *  term       = "!" term | "(" condition ")" | number OP number | truth
 *  truth      = "fsck" | "exists(FILE)" | "mapped(FILE, OFFSET)" | "written(FILE, OFFSET)"
 *  number     = INTEGER | "size(FILE)" | "nlink(FILE)" | "blocks(FILE)" | "extents(FILE)"
 *             | "entries(FILE)" | "ino(FILE)" | "inodes"
 *  OP         = "==" | "!=" | "&lt;" | "&lt;=" | "&gt;" | "&gt;="
 *  FILE       = an absolute path, or ino:N; %XX stands for a byte, needed for , ) % and spaces
 * </pre>
 *
 * <p>Sizes and offsets are bytes, {@code blocks} are blocks of 4096 bytes. {@code fsck} holds where
 * nothing is found. A comparison with something that is not there is false, whichever it is, and so
 * are {@code mapped} and {@code written}; {@code entries} of a file that is no directory and {@code
 * blocks} of one that has none are 0.
 *
 * @param text as it was written
 * @param fsck whether the answer needs a look at the whole volume
 */
public record Condition(String text, boolean fsck, Test test) {
  /** What is asked of a state. */
  public interface Test {
    boolean holds(VolumeState state);
  }

  /** The words of the language, for help texts. */
  public static final String SUMMARY =
      "fsck; exists(FILE), mapped(FILE, OFFSET), written(FILE, OFFSET); numbers size(FILE),"
          + " nlink(FILE), blocks(FILE), extents(FILE), entries(FILE), ino(FILE), inodes, compared"
          + " by == != < <= > >=; ! && || ( ). FILE is an absolute path or ino:N, %%XX a byte.";

  /**
   * Reads a condition.
   *
   * @param fsck what the word {@code fsck} asks
   * @throws IllegalArgumentException naming the column, from 1, and what was expected there
   */
  public static Condition parse(String text, Predicate<VolumeState> fsck) {
    return new ConditionParser(text, fsck).parse();
  }

  public boolean holds(VolumeState state) {
    return test.holds(state);
  }
}
