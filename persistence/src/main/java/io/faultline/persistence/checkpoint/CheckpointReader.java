package io.faultline.persistence.checkpoint;

import io.faultline.engine.device.JournalStore;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.Inode;
import io.faultline.persistence.checkpoint.CheckpointFormat.Header;
import io.faultline.persistence.checkpoint.CheckpointFormat.Trailer;
import io.faultline.persistence.codec.CodecException;
import io.faultline.persistence.codec.InodeCodec;
import io.faultline.persistence.segment.JournalAnchor;
import io.faultline.persistence.segment.SegmentWindow;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * The inodes of one checkpoint in the order of their numbers. Whatever has been given was covered
 * by a checksum; only when {@link #next} has answered false is the checkpoint known to be whole.
 * Needs memory for one window and the largest inode. Not thread-safe.
 */
final class CheckpointReader implements Closeable {
  private final String name;
  private final JournalStore.JournalFile file;
  private final SegmentWindow window;
  private final Set<CheckpointMutant> mutants;
  private final Header header;
  private final Trailer trailer;
  private final long trailerAt;

  private long position = CheckpointFormat.HEADER_BYTES;
  private long blocksRead;
  private long inodesRead;

  // The block under the cursor, and the inode in it.
  private ByteBuffer block = ByteBuffer.allocate(0);
  private long blockAt;
  private int entriesLeft;
  private int entry;
  private int body;
  private int bodyBytes;
  private long ino;

  private CheckpointReader(
      String name,
      JournalStore.JournalFile file,
      long lsn,
      VolumeIdentity identity,
      Set<CheckpointMutant> mutants)
      throws IOException {
    this.name = name;
    this.file = file;
    this.mutants = mutants;
    this.window = new SegmentWindow(file);
    this.trailerAt = window.length() - CheckpointFormat.TRAILER_BYTES;
    if (trailerAt < CheckpointFormat.HEADER_BYTES) {
      throw damaged(0, "it has only " + window.length() + " bytes");
    }
    this.header = readHeader();
    if (!header.volume().equals(identity.id())) {
      throw damaged(0, "it belongs to volume " + header.volume());
    }
    if (header.anchor().lsn() != lsn) {
      throw damaged(0, "it is the state behind transaction " + header.anchor().lsn());
    }
    if (header.anchor().epoch() > identity.epoch()) {
      throw damaged(
          0, "epoch " + header.anchor().epoch() + " but the superblock says " + identity.epoch());
    }
    this.trailer = readTrailer();
  }

  /**
   * Opens the checkpoint of transaction {@code lsn}.
   *
   * @param identity whose it must be; it may not be of a later epoch
   * @throws FsException EUCLEAN when its format is newer
   * @throws DamagedCheckpointException when it is not what it claims to be, or unreadable
   */
  static CheckpointReader open(
      CheckpointStore store, long lsn, VolumeIdentity identity, Set<CheckpointMutant> mutants)
      throws IOException {
    String name = store.nameOf(lsn);
    JournalStore.JournalFile file;
    try {
      file = store.open(lsn);
    } catch (IOException e) {
      throw new DamagedCheckpointException(name, 0, e);
    }
    boolean opened = false;
    try {
      CheckpointReader reader = new CheckpointReader(name, file, lsn, identity, mutants);
      opened = true;
      return reader;
    } finally {
      if (!opened) {
        file.close();
      }
    }
  }

  private Header readHeader() throws IOException {
    ByteBuffer in = bytes(0, CheckpointFormat.HEADER_BYTES);
    if (in.getLong(0) != CheckpointFormat.MAGIC) {
      throw damaged(0, "it has a wrong magic number");
    }
    int crc = CheckpointFormat.headerCrc(in);
    if (wrong(crc, in.getInt(CheckpointFormat.HEADER_BYTES - CheckpointFormat.CRC_BYTES))) {
      throw damaged(0, "the checksum of its header is wrong");
    }
    int version = in.getInt(8);
    if (version > CheckpointFormat.VERSION) {
      throw new FsException(
          Errno.EUCLEAN,
          "open checkpoint",
          "checkpoint "
              + name
              + " has format "
              + version
              + ", this version reads up to "
              + CheckpointFormat.VERSION);
    }
    long lsn = in.getLong(40);
    if (version < 1 || in.getInt(12) != CheckpointFormat.HEADER_BYTES || lsn < 1) {
      throw damaged(0, "its header is impossible");
    }
    return new Header(
        version,
        new UUID(in.getLong(16), in.getLong(24)),
        new JournalAnchor(lsn, in.getInt(48), in.getLong(32)),
        in.getInt(CheckpointFormat.HEADER_BYTES - CheckpointFormat.CRC_BYTES));
  }

  private Trailer readTrailer() throws IOException {
    ByteBuffer in = bytes(trailerAt, CheckpointFormat.TRAILER_BYTES);
    Trailer read = new Trailer(in.getLong(8), in.getLong(16), in.getLong(24), in.getLong(32));
    if (in.getInt(0) != CheckpointFormat.TRAILER_MAGIC
        || in.getInt(4) != CheckpointFormat.TRAILER_BYTES
        || wrongCrc(in)) {
      throw damaged(trailerAt, "it has no end");
    }
    long bytesMin = read.inodes() * CheckpointFormat.ENTRY_HEADER_BYTES;
    if (read.lsn() != header.anchor().lsn()
        || read.inodes() < 0
        || read.inodes() > trailerAt
        || bytesMin > trailerAt
        || read.nextNumber() < 0) {
      throw damaged(trailerAt, "its end is another checkpoint's");
    }
    return read;
  }

  /** The transaction this is the state behind. */
  JournalAnchor anchor() {
    return header.anchor();
  }

  /** How many inodes there are. */
  long inodes() {
    return trailer.inodes();
  }

  /** Above the number of every inode the volume ever had. */
  long nextNumber() {
    return trailer.nextNumber();
  }

  /** Goes to the next inode; false behind the last one. */
  boolean next() throws IOException {
    if (entriesLeft == 0) {
      if (position == trailerAt) {
        if (blocksRead != trailer.blocks() || inodesRead != trailer.inodes()) {
          throw damaged(
              trailerAt,
              inodesRead
                  + " inodes in "
                  + blocksRead
                  + " blocks, its end says "
                  + trailer.inodes()
                  + " in "
                  + trailer.blocks());
        }
        return false;
      }
      nextBlock();
    }
    int end = block.limit() - CheckpointFormat.CRC_BYTES;
    int at = entry;
    if (end - at < CheckpointFormat.ENTRY_HEADER_BYTES) {
      throw damaged(blockAt + at, "the block ends in the midst of an inode");
    }
    long number = block.getLong(at);
    int bytes = block.getInt(at + 8);
    if (number <= ino || bytes < 0 || bytes > end - at - CheckpointFormat.ENTRY_HEADER_BYTES) {
      throw damaged(blockAt + at, "inode " + number + " of " + bytes + " bytes cannot come here");
    }
    ino = number;
    body = at + CheckpointFormat.ENTRY_HEADER_BYTES;
    bodyBytes = bytes;
    entry = body + bytes;
    entriesLeft--;
    inodesRead++;
    if (entriesLeft == 0 && entry != end) {
      throw damaged(blockAt + entry, "the block goes on behind its last inode");
    }
    return true;
  }

  private void nextBlock() throws IOException {
    ByteBuffer head = bytes(position, CheckpointFormat.BLOCK_HEADER_BYTES);
    int length = head.limit() < CheckpointFormat.BLOCK_HEADER_BYTES ? 0 : head.getInt(4);
    if (length < CheckpointFormat.BLOCK_HEADER_BYTES + CheckpointFormat.CRC_BYTES
        || length > CheckpointFormat.BLOCK_BYTES_MAX
        || length > trailerAt - position
        || head.getInt(0) != CheckpointFormat.BLOCK_MAGIC) {
      throw damaged(position, "there is no block");
    }
    ByteBuffer next = bytes(position, length);
    if (wrongCrc(next)) {
      throw damaged(position, "the checksum of the block is wrong");
    }
    int count = next.getInt(12);
    int most = (length - CheckpointFormat.BLOCK_HEADER_BYTES) / CheckpointFormat.ENTRY_HEADER_BYTES;
    if (next.getInt(8) != blocksRead || count < 1 || count > most) {
      throw damaged(position, "block " + next.getInt(8) + " of " + count + " cannot come here");
    }
    block = next;
    blockAt = position;
    entry = CheckpointFormat.BLOCK_HEADER_BYTES;
    entriesLeft = count;
    blocksRead++;
    position += length;
  }

  private ByteBuffer bytes(long at, int count) throws DamagedCheckpointException {
    try {
      return window.at(at, count);
    } catch (IOException e) {
      throw new DamagedCheckpointException(name, at, e);
    }
  }

  private boolean wrongCrc(ByteBuffer in) {
    int end = in.limit() - CheckpointFormat.CRC_BYTES;
    return wrong(CheckpointFormat.crc(header.crc(), in.slice(0, end)), in.getInt(end));
  }

  private boolean wrong(int computed, int stored) {
    return computed != stored && !mutants.contains(CheckpointMutant.CHECKSUM_UNCHECKED);
  }

  /** The number of the inode under the cursor. */
  long ino() {
    return ino;
  }

  /** How many inodes there are from the one under the cursor to the end of its block. */
  int leftInBlock() {
    return entriesLeft + 1;
  }

  /** A copy of the block that the inode under the cursor is in. */
  ByteBuffer copyOfBlock() {
    return ByteBuffer.allocate(block.limit()).put(0, block, 0, block.limit());
  }

  /** Where in its block the inode under the cursor begins. */
  int entryOffset() {
    return body - CheckpointFormat.ENTRY_HEADER_BYTES;
  }

  /** The inode under the cursor. */
  Inode inode() throws DamagedCheckpointException {
    return inode(name -> true);
  }

  /** The inode under the cursor; of a directory, only those names that are {@code wanted}. */
  Inode inode(Predicate<String> wanted) throws DamagedCheckpointException {
    try {
      return InodeCodec.decodePart(ino, block.slice(body, bodyBytes), wanted);
    } catch (CodecException e) {
      throw new DamagedCheckpointException(name, blockAt + body, e);
    }
  }

  /** The bytes of the inode under the cursor with {@code part}, read before, put into them. */
  ByteBuffer with(Inode.Directory part, Predicate<String> wanted)
      throws DamagedCheckpointException {
    try {
      return InodeCodec.encodePart(part, block.slice(body, bodyBytes), wanted);
    } catch (CodecException e) {
      throw new DamagedCheckpointException(name, blockAt + body, e);
    }
  }

  /** Bytes that {@link #copyTo} needs. */
  int entryBytes() {
    return CheckpointFormat.ENTRY_HEADER_BYTES + bodyBytes;
  }

  /** Puts the inode under the cursor into {@code target} as it stands here. */
  void copyTo(ByteBuffer target) {
    int bytes = entryBytes();
    target.put(target.position(), block, body - CheckpointFormat.ENTRY_HEADER_BYTES, bytes);
    target.position(target.position() + bytes);
  }

  private DamagedCheckpointException damaged(long offset, String what) {
    return new DamagedCheckpointException(name, offset, what);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
