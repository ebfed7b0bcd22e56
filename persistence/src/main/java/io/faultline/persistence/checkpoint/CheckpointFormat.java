package io.faultline.persistence.checkpoint;

import io.faultline.persistence.segment.JournalAnchor;
import io.faultline.persistence.segment.VolumeIdentity;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * The bytes of a checkpoint: a header, blocks of inodes, a trailer. Numbers are unsigned, most
 * significant byte first.
 *
 * <pre>
 *  header, 64 bytes
 *   0        8        12       16          32       40       48        52       60       64
 *  +--------+--------+--------+-----------+--------+--------+---------+--------+--------+
 *  | magic  | format | length | volume id | epoch  | lsn    | record's| zero   | crc32c |
 *  | 8 B    | u32 =1 | u32=64 | 16 B      | u64    | u64    | crc u32 | 8 B    | of 0-59|
 *  +--------+--------+--------+-----------+--------+--------+---------+--------+--------+
 *
 *  block, length bytes
 *   0       4        8       12       16                                 length - 4
 *  +-------+--------+-------+--------+----------------------------------+--------+
 *  | magic | length | index | count  | count times:                     | crc32c |
 *  | u32   | u32    | u32   | u32    | ino u64 | bytes u32 | InodeCodec | u32    |
 *  +-------+--------+-------+--------+----------------------------------+--------+
 *
 *  trailer, 48 bytes, the last of the file
 *   0       4        8        16        24       32       40      44       48
 *  +-------+--------+--------+---------+--------+--------+-------+--------+
 *  | magic | length | blocks | inodes  | next   | lsn    | zero  | crc32c |
 *  | u32   | u32=48 | u64    | u64     | ino u64| u64    | u32   | u32    |
 *  +-------+--------+--------+---------+--------+--------+-------+--------+
 * </pre>
 *
 * <p>The checkpoint is the state behind transaction {@code lsn}; {@code epoch} and {@code record's
 * crc} are those of that transaction's record, which ties the checkpoint to one journal. Inode
 * numbers ascend through the whole file; {@code next ino} is above every number ever used, freed
 * ones included. Blocks are numbered from 0. The checksums of blocks and trailer begin with the
 * header's checksum, so that a block of another checkpoint is none of this one.
 *
 * <p>A block ends once it has {@value #BLOCK_BYTES} bytes; an inode that is larger on its own, such
 * as a directory of many names, makes a larger one.
 *
 * <p>Every later format keeps magic, format number and the checksum of the header where they are,
 * so that a newer one can be told from damage.
 */
final class CheckpointFormat {
  static final long MAGIC = 0x464C_5443_4B50_5400L; // "FLTCKPT\0"
  static final int BLOCK_MAGIC = 0x9A43_4B42;
  static final int TRAILER_MAGIC = 0x9A43_4B54;
  static final int VERSION = 1;
  static final int HEADER_BYTES = 64;
  static final int BLOCK_HEADER_BYTES = 16;
  static final int ENTRY_HEADER_BYTES = 12;
  static final int TRAILER_BYTES = 48;
  static final int CRC_BYTES = 4;

  /** A block is written when it has grown to this. */
  static final int BLOCK_BYTES = 64 << 10;

  /** A larger length field is damage, as in a segment. */
  static final int BLOCK_BYTES_MAX = 1 << 30;

  private CheckpointFormat() {}

  /** What a header says. */
  record Header(int version, UUID volume, JournalAnchor anchor, int crc) {}

  /** What a trailer says. */
  record Trailer(long blocks, long inodes, long nextNumber, long lsn) {}

  static ByteBuffer header(VolumeIdentity volume, JournalAnchor anchor) {
    ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES);
    out.putLong(MAGIC).putInt(VERSION).putInt(HEADER_BYTES);
    out.putLong(volume.id().getMostSignificantBits());
    out.putLong(volume.id().getLeastSignificantBits());
    out.putLong(anchor.epoch()).putLong(anchor.lsn()).putInt(anchor.crc()).putLong(0);
    CRC32C crc = new CRC32C();
    crc.update(out.duplicate().flip());
    return out.putInt((int) crc.getValue()).flip();
  }

  static ByteBuffer trailer(Trailer trailer, int headerCrc) {
    ByteBuffer out = ByteBuffer.allocate(TRAILER_BYTES);
    out.putInt(TRAILER_MAGIC).putInt(TRAILER_BYTES);
    out.putLong(trailer.blocks()).putLong(trailer.inodes());
    out.putLong(trailer.nextNumber()).putLong(trailer.lsn()).putInt(0);
    return out.putInt(crc(headerCrc, out.duplicate().flip())).flip();
  }

  static int headerCrc(ByteBuffer header) {
    CRC32C crc = new CRC32C();
    crc.update(header.slice(0, HEADER_BYTES - CRC_BYTES));
    return (int) crc.getValue();
  }

  /** The checksum of a block's or trailer's {@code bytes}, all that remain in the buffer. */
  static int crc(int headerCrc, ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    for (int shift = 24; shift >= 0; shift -= 8) {
      crc.update(headerCrc >>> shift);
    }
    crc.update(bytes);
    return (int) crc.getValue();
  }
}
