package io.faultline.persistence.segment;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a journal segment: one header, then records back to back. Numbers are unsigned, most
 * significant byte first.
 *
 * <pre>
 *  segment header, 64 bytes
 *   0        8        12       16          32        40        48       52       60       64
 *  +--------+--------+--------+-----------+---------+---------+--------+--------+--------+
 *  | magic  | format | length | volume id |  epoch  | first   | prev   | zero   | crc32c |
 *  | 8 B    | u32 =1 | u32=64 | 16 B      |  u64    | lsn u64 | crc u32| 8 B    | of 0-59|
 *  +--------+--------+--------+-----------+---------+---------+--------+--------+--------+
 *
 *  record, length bytes
 *   0       4        8           24      32      40         48      52       56       58
 *  +-------+--------+-----------+-------+-------+----------+-------+--------+--------+----
 *  | magic | length | volume id | epoch | lsn   | synced   | prev  | serial.| manif. |
 *  | u32   | u32    | 16 B      | u64   | u64   | lsn u64  | crc   | id u32 | len u16|
 *  +-------+--------+-----------+-------+-------+----------+-------+--------+--------+----
 *    58                  58 + m             length - 4
 *   -+------------------+------------------+-------------------------------+
 *    | manifest, m bytes| payload          | crc32c of all before it       |
 *   -+------------------+------------------+-------------------------------+
 * </pre>
 *
 * <p>{@code prev crc} is the checksum that ends the record before this one, across segments; in the
 * first record of a segment it equals that of the segment's header, in the first segment 0.
 * Together with the gapless LSNs it makes the journal one chain in which nothing can be left out or
 * replaced.
 *
 * <p>Behind the last record of the last segment zeros may follow, which a later record replaces. No
 * record begins with a zero, so they end the journal as a torn tail does.
 */
final class SegmentFormat {
  static final long MAGIC = 0x464C_544A_524E_4C00L; // "FLTJRNL\0"
  static final int RECORD_MAGIC = 0x9A54_5852; // not ASCII, so that names cannot contain it
  static final int VERSION = 1;
  static final int HEADER_BYTES = 64;
  static final int RECORD_HEADER_BYTES = 58;
  static final int RECORD_BYTES_MIN = RECORD_HEADER_BYTES + 4;

  /** A larger length field is damage; the largest transaction is a long list of extents. */
  static final int RECORD_BYTES_MAX = 1 << 30;

  static final int AT_LENGTH = 4;
  static final int AT_VOLUME = 8;
  static final int AT_EPOCH = 24;
  static final int AT_LSN = 32;
  static final int AT_SYNCED = 40;
  static final int AT_PREVIOUS = 48;
  static final int AT_SERIALIZER = 52;
  static final int AT_MANIFEST_LENGTH = 56;

  private static final Pattern NAME = Pattern.compile("[0-9a-f]{16}\\.log");

  private SegmentFormat() {}

  /** What a segment's header says. */
  record Header(int version, UUID volume, long epoch, long firstLsn, int previousCrc) {}

  static String nameOf(long firstLsn) {
    return HexFormat.of().toHexDigits(firstLsn) + ".log";
  }

  static boolean isSegment(String name) {
    return NAME.matcher(name).matches();
  }

  static long firstLsnOf(String name) {
    return Long.parseUnsignedLong(name, 0, 16, 16);
  }

  static ByteBuffer header(VolumeIdentity volume, long firstLsn, int previousCrc) {
    ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES);
    out.putLong(MAGIC).putInt(VERSION).putInt(HEADER_BYTES);
    out.putLong(volume.id().getMostSignificantBits());
    out.putLong(volume.id().getLeastSignificantBits());
    out.putLong(volume.epoch()).putLong(firstLsn).putInt(previousCrc).putLong(0);
    out.putInt(crc(out.duplicate().flip()));
    return out.flip();
  }

  /** The header in {@code in}, or null when there is none or its checksum is wrong. */
  static @Nullable Header readHeader(ByteBuffer in) {
    if (in.remaining() < HEADER_BYTES
        || in.getLong(0) != MAGIC
        || in.getInt(HEADER_BYTES - 4) != crc(in.duplicate().limit(HEADER_BYTES - 4))) {
      return null;
    }
    return new Header(in.getInt(8), uuid(in, 16), in.getLong(32), in.getLong(40), in.getInt(48));
  }

  static int recordBytes(byte[] manifest, byte[] payload) {
    return Math.addExact(RECORD_BYTES_MIN + manifest.length, payload.length);
  }

  /** Appends a record to {@code out} and returns its checksum. */
  static int putRecord(
      ByteBuffer out,
      VolumeIdentity volume,
      long lsn,
      long syncedLsn,
      int previousCrc,
      int serializerId,
      byte[] manifest,
      byte[] payload) {
    int start = out.position();
    out.putInt(RECORD_MAGIC).putInt(recordBytes(manifest, payload));
    out.putLong(volume.id().getMostSignificantBits());
    out.putLong(volume.id().getLeastSignificantBits());
    out.putLong(volume.epoch()).putLong(lsn).putLong(syncedLsn);
    out.putInt(previousCrc).putInt(serializerId).putShort((short) manifest.length);
    out.put(manifest).put(payload);
    int crc = crc(out.duplicate().limit(out.position()).position(start));
    out.putInt(crc);
    return crc;
  }

  static UUID uuid(ByteBuffer in, int at) {
    return new UUID(in.getLong(at), in.getLong(at + 8));
  }

  static String manifest(ByteBuffer record) {
    byte[] bytes = new byte[record.getShort(AT_MANIFEST_LENGTH) & 0xFFFF];
    record.get(RECORD_HEADER_BYTES, bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  static int crc(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }
}
