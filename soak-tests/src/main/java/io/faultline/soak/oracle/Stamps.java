package io.faultline.soak.oracle;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The contents of soak files: every 512-byte sub-block says whose it is, so that a stale or foreign
 * one is recognised by itself. The whole image is a function of (file, sub-block, generation):
 *
 * <pre>
 *   word  0        magic
 *   word  1        file id
 *   word  2        sub-block index in the file
 *   word  3        generation, positive, unique per mutation
 *   words 4..62    even: generation * odd constant ^ key(word)
 *                  odd:  (file id * odd constant + sub-block) * odd constant ^ key(word)
 *   word 63        checksum of words 0..62
 * </pre>
 *
 * Words are 64-bit little-endian. Body words are invertible, so even a slice that misses the header
 * tells its generation. Stateless.
 */
public final class Stamps {

  /** Bytes of one sub-block. */
  public static final int SUB_BLOCK_BYTES = 512;

  private static final int WORDS = SUB_BLOCK_BYTES / Long.BYTES;
  private static final int FIRST_BODY_WORD = 4;
  private static final int CHECKSUM_WORD = WORDS - 1;
  private static final long MAGIC = 0x4D41_5453_544C_4146L;
  private static final long ODD = 0x9E37_79B9_7F4A_7C15L;
  private static final long ODD_INVERSE = inverse(ODD);
  private static final byte[] ZEROS = new byte[SUB_BLOCK_BYTES];
  private static final long[] KEYS = keys();
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** What the bytes of a sub-block, or of a part of one, say. */
  public sealed interface Content {}

  /** Nothing but zero bytes. */
  public record Zeros() implements Content {}

  /** An intact stamp. */
  public record Stamp(long fileId, long subBlock, long generation) implements Content {}

  /**
   * A part without header that is an intact piece of some stamp of the file and sub-block looked
   * at.
   */
  public record OwnPiece(long generation) implements Content {}

  /** A part without header that is an intact piece of a stamp of another file or sub-block. */
  public record ForeignPiece(long generation) implements Content {}

  /** Anything else: torn or damaged; the header may still name another owner. */
  public record Garbage(boolean foreignHeader) implements Content {}

  private Stamps() {}

  /** Writes {@code count} stamped sub-blocks from the start of {@code target}. */
  public static void fill(
      byte[] target, long fileId, long firstSubBlock, int count, long generation) {
    for (int i = 0; i < count; i++) {
      image(target, i * SUB_BLOCK_BYTES, fileId, firstSubBlock + i, generation);
    }
  }

  /** Writes {@code count} stamped sub-blocks at the position of {@code target} and advances it. */
  public static void fill(
      ByteBuffer target, long fileId, long firstSubBlock, int count, long generation) {
    byte[] one = new byte[SUB_BLOCK_BYTES];
    for (int i = 0; i < count; i++) {
      image(one, 0, fileId, firstSubBlock + i, generation);
      target.put(one);
    }
  }

  /** Writes the one image at {@code at}. */
  static void image(byte[] target, int at, long fileId, long subBlock, long generation) {
    long even = generation * ODD;
    long odd = owner(fileId, subBlock);
    LONG.set(target, at, MAGIC);
    LONG.set(target, at + 8, fileId);
    LONG.set(target, at + 16, subBlock);
    LONG.set(target, at + 24, generation);
    long sum = checksum(checksum(checksum(checksum(0, MAGIC), fileId), subBlock), generation);
    for (int word = FIRST_BODY_WORD; word < CHECKSUM_WORD; word++) {
      long value = ((word & 1) == 0 ? even : odd) ^ KEYS[word];
      LONG.set(target, at + word * Long.BYTES, value);
      sum = checksum(sum, value);
    }
    LONG.set(target, at + CHECKSUM_WORD * Long.BYTES, sum);
  }

  /** Decodes a whole sub-block at {@code at}. */
  public static Content decode(byte[] source, int at) {
    long magic = (long) LONG.get(source, at);
    if (magic == 0 && isZero(source, at, SUB_BLOCK_BYTES)) {
      return new Zeros();
    }
    long fileId = (long) LONG.get(source, at + 8);
    long subBlock = (long) LONG.get(source, at + 16);
    long generation = (long) LONG.get(source, at + 24);
    if (magic != MAGIC) {
      return new Garbage(false);
    }
    long even = generation * ODD;
    long odd = owner(fileId, subBlock);
    long sum = checksum(checksum(checksum(checksum(0, MAGIC), fileId), subBlock), generation);
    long difference = 0;
    for (int word = FIRST_BODY_WORD; word < CHECKSUM_WORD; word++) {
      long value = ((word & 1) == 0 ? even : odd) ^ KEYS[word];
      difference |= value ^ (long) LONG.get(source, at + word * Long.BYTES);
      sum = checksum(sum, value);
    }
    difference |= sum ^ (long) LONG.get(source, at + CHECKSUM_WORD * Long.BYTES);
    return difference == 0 && generation > 0
        ? new Stamp(fileId, subBlock, generation)
        : new Garbage(false);
  }

  /**
   * Decodes {@code length} bytes at {@code at} that begin {@code skip} bytes into sub-block {@code
   * subBlock} of {@code fileId}.
   */
  static Content decode(byte[] source, int at, int length, int skip, long fileId, long subBlock) {
    if (length == SUB_BLOCK_BYTES) {
      Content whole = decode(source, at);
      return whole instanceof Garbage
          ? new Garbage(namesAnotherOwner(source, at, fileId, subBlock))
          : whole;
    }
    if (isZero(source, at, length)) {
      return new Zeros();
    }
    int firstWord = (skip + Long.BYTES - 1) / Long.BYTES;
    int endWord = (skip + length) / Long.BYTES;
    boolean evenSeen = false;
    boolean agree = true;
    boolean own = true;
    long generation = 0;
    long otherOwner = 0;
    boolean otherSeen = false;
    for (int word = Math.max(firstWord, FIRST_BODY_WORD);
        word < Math.min(endWord, CHECKSUM_WORD);
        word++) {
      long plain = (long) LONG.get(source, at + word * Long.BYTES - skip) ^ KEYS[word];
      if ((word & 1) == 0) {
        long named = plain * ODD_INVERSE;
        agree &= !evenSeen || named == generation;
        generation = named;
        evenSeen = true;
      } else {
        agree &= !otherSeen || plain == otherOwner;
        otherOwner = plain;
        otherSeen = true;
        own &= plain == owner(fileId, subBlock);
      }
    }
    if (!agree || !evenSeen || !otherSeen || generation <= 0) {
      return new Garbage(false);
    }
    if (!own) {
      return new ForeignPiece(generation);
    }
    byte[] expected = new byte[SUB_BLOCK_BYTES];
    image(expected, 0, fileId, subBlock, generation);
    for (int i = 0; i < length; i++) {
      if (source[at + i] != expected[skip + i]) {
        return new Garbage(false);
      }
    }
    return new OwnPiece(generation);
  }

  private static boolean namesAnotherOwner(byte[] source, int at, long fileId, long subBlock) {
    return (long) LONG.get(source, at) == MAGIC
        && ((long) LONG.get(source, at + 8) != fileId
            || (long) LONG.get(source, at + 16) != subBlock);
  }

  static boolean isZero(byte[] source, int at, int length) {
    return Arrays.equals(source, at, at + length, ZEROS, 0, length);
  }

  private static long owner(long fileId, long subBlock) {
    return (fileId * ODD + subBlock) * ODD;
  }

  private static long checksum(long sum, long word) {
    return (Long.rotateLeft(sum, 7) ^ word) * ODD;
  }

  private static long inverse(long odd) {
    long inverse = odd;
    for (int i = 0; i < 6; i++) {
      inverse *= 2 - odd * inverse;
    }
    return inverse;
  }

  private static long[] keys() {
    long[] keys = new long[WORDS];
    for (int word = 0; word < WORDS; word++) {
      long z = (word + 1) * 0xBF58_476D_1CE4_E5B9L;
      keys[word] = (z ^ (z >>> 31)) * 0x94D0_49BB_1331_11EBL;
    }
    return keys;
  }
}
