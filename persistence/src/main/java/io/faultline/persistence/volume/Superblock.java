package io.faultline.persistence.volume;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.persistence.segment.VolumeIdentity;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * What a volume says of itself; the file {@code superblock}. Numbers are most significant byte
 * first.
 *
 * <pre>
 *   0        8        12       16          32         48         52       60      68        76
 *  +--------+--------+--------+-----------+----------+----------+--------+-------+---------+---
 *  | magic  | format | bytes  | volume id | layout   | block    | blocks | epoch | created | 0...
 *  | 8 B    | u32 = 1| u32    | 16 B      | 16 B, 0s | size u32 | u64    | u64   | i64 ns  |
 *  +--------+--------+--------+-----------+----------+----------+--------+-------+---------+---
 *  and in the last four of the 4096 bytes the crc32c of all before them
 * </pre>
 *
 * @param layout the filesystem kind, ASCII, 1 to 16 characters
 * @param blockSize bytes
 * @param blocks size of the block image
 * @param epoch how many times the volume has been opened, creation included
 * @param createdNanos nanoseconds since 1970
 */
public record Superblock(
    UUID id, String layout, int blockSize, long blocks, long epoch, long createdNanos) {
  /** The newest format this version writes and the newest it reads. */
  public static final int FORMAT = 1;

  public static final int BLOCK_SIZE = 4096;
  static final int BYTES = 4096;
  private static final long MAGIC = 0x464C_5456_4F4C_0A00L; // "FLTVOL\n\0"
  private static final int LAYOUT_BYTES = 16;

  public Superblock {
    if (!layout.matches("[a-z0-9-]{1," + LAYOUT_BYTES + "}")) {
      throw new IllegalArgumentException("layout " + layout);
    }
    if (blockSize != BLOCK_SIZE || blocks < 1 || epoch < 1) {
      throw new IllegalArgumentException("superblock " + blockSize + ", " + blocks + ", " + epoch);
    }
  }

  public VolumeIdentity identity() {
    return new VolumeIdentity(id, epoch);
  }

  /** Bytes of the block image. */
  public long imageBytes() {
    return Math.multiplyExact(blocks, (long) blockSize);
  }

  /** The same volume, opened once more. */
  public Superblock withEpoch(long newEpoch) {
    return new Superblock(id, layout, blockSize, blocks, newEpoch, createdNanos);
  }

  /** The bytes of the file. */
  public ByteBuffer encode() {
    ByteBuffer out = ByteBuffer.allocate(BYTES);
    out.putLong(MAGIC).putInt(FORMAT).putInt(BYTES);
    out.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
    out.put(Arrays.copyOf(layout.getBytes(StandardCharsets.US_ASCII), LAYOUT_BYTES));
    out.putInt(blockSize).putLong(blocks).putLong(epoch).putLong(createdNanos);
    out.putInt(BYTES - 4, crc(out));
    return out.clear();
  }

  /**
   * Reads a superblock.
   *
   * @param where the volume, for messages
   * @throws FsException EUCLEAN, saying which of all things it is
   */
  static Superblock decode(ByteBuffer in, String where) throws FsException {
    if (in.remaining() < 16 || in.getLong(0) != MAGIC) {
      throw damaged(where, in.remaining() < BYTES ? truncated(in) : "it has a wrong magic number");
    }
    // Before the checksum: a newer format may keep its checksum elsewhere.
    int format = in.getInt(8);
    if (format > FORMAT) {
      throw new FsException(
          Errno.EUCLEAN,
          "open",
          where + " has format " + format + ", this version reads up to " + FORMAT);
    }
    if (in.remaining() < BYTES) {
      throw damaged(where, truncated(in));
    }
    if (in.getInt(BYTES - 4) != crc(in)) {
      throw damaged(where, "its checksum is wrong");
    }
    byte[] layout = new byte[LAYOUT_BYTES];
    in.get(32, layout);
    try {
      return new Superblock(
          new UUID(in.getLong(16), in.getLong(24)),
          new String(layout, StandardCharsets.US_ASCII).replace("\0", ""),
          in.getInt(48),
          in.getLong(52),
          in.getLong(60),
          in.getLong(68));
    } catch (IllegalArgumentException e) {
      throw damaged(where, "its values are impossible: " + e.getMessage());
    }
  }

  private static String truncated(ByteBuffer in) {
    return "it has " + in.remaining() + " of " + BYTES + " bytes";
  }

  private static FsException damaged(String where, String what) {
    return new FsException(
        Errno.EUCLEAN, "open", "the superblock of " + where + " is damaged: " + what);
  }

  private static int crc(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(0, BYTES - 4));
    return (int) crc.getValue();
  }
}
