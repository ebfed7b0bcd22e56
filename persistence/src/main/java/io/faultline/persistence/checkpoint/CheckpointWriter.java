package io.faultline.persistence.checkpoint;

import io.faultline.engine.inode.Inode;
import io.faultline.persistence.codec.InodeCodec;
import io.faultline.persistence.segment.JournalAnchor;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;

/**
 * Writes a checkpoint, inode after inode in the order of their numbers. Needs memory for one block.
 * For one thread.
 */
final class CheckpointWriter implements Closeable {
  private final CheckpointStore.Draft draft;
  private final JournalAnchor anchor;
  private final int headerCrc;

  // Off the heap, since every write would copy a heap buffer into a hidden direct one.
  private Arena memory = Arena.ofConfined();
  private ByteBuffer block = memory.allocate(2L * CheckpointFormat.BLOCK_BYTES).asByteBuffer();
  private int entries;
  private long blocks;
  private long inodes;
  private long lastIno;

  /** Begins the checkpoint of the state behind {@code anchor}; takes {@code draft} over. */
  CheckpointWriter(CheckpointStore.Draft draft, VolumeIdentity identity, JournalAnchor anchor)
      throws IOException {
    this.draft = draft;
    this.anchor = anchor;
    ByteBuffer header = CheckpointFormat.header(identity, anchor);
    this.headerCrc = CheckpointFormat.headerCrc(header);
    draft.write(header);
    begin();
  }

  private void begin() {
    block.clear().position(CheckpointFormat.BLOCK_HEADER_BYTES);
    entries = 0;
  }

  /** How many were added. */
  long inodes() {
    return inodes;
  }

  /** Adds an inode. */
  void add(Inode inode) throws IOException {
    add(inode.ino(), ByteBuffer.wrap(InodeCodec.encode(inode)));
  }

  /** Adds an inode in the form of {@link InodeCodec}. */
  void add(long ino, ByteBuffer body) throws IOException {
    int bytes = body.remaining();
    room(ino, Math.addExact(CheckpointFormat.ENTRY_HEADER_BYTES, bytes));
    block.putLong(ino).putInt(bytes).put(body);
    added();
  }

  /** Adds the inode under the cursor of {@code from}. */
  void copy(CheckpointReader from) throws IOException {
    room(from.ino(), from.entryBytes());
    from.copyTo(block);
    added();
  }

  @SuppressWarnings("MustBeClosedChecker") // close does
  private void room(long ino, int bytes) throws IOException {
    if (ino <= lastIno) {
      throw new IllegalArgumentException("inode " + ino + " behind " + lastIno);
    }
    lastIno = ino;
    long needed = (long) block.position() + bytes + CheckpointFormat.CRC_BYTES;
    if (needed > CheckpointFormat.BLOCK_BYTES_MAX) {
      throw new IOException("inode " + ino + " has " + bytes + " bytes, more than a block holds");
    }
    if (needed > block.capacity()) {
      Arena larger = Arena.ofConfined();
      ByteBuffer grown =
          larger
              .allocate(Math.min(CheckpointFormat.BLOCK_BYTES_MAX, needed + needed / 2))
              .asByteBuffer();
      grown.put(block.flip());
      memory.close();
      memory = larger;
      block = grown;
    }
  }

  private void added() throws IOException {
    entries++;
    inodes++;
    if (block.position() >= CheckpointFormat.BLOCK_BYTES) {
      end();
    }
  }

  private void end() throws IOException {
    int length = block.position() + CheckpointFormat.CRC_BYTES;
    block.putInt(0, CheckpointFormat.BLOCK_MAGIC).putInt(4, length);
    block.putInt(8, (int) blocks).putInt(12, entries);
    block.putInt(CheckpointFormat.crc(headerCrc, block.slice(0, block.position())));
    draft.write(block.flip());
    blocks++;
    begin();
  }

  /**
   * Ends the checkpoint and publishes it.
   *
   * @param nextNumber above the number of every inode the volume ever had
   */
  void publish(long nextNumber) throws IOException {
    if (entries > 0) {
      end();
    }
    draft.write(
        CheckpointFormat.trailer(
            new CheckpointFormat.Trailer(blocks, inodes, nextNumber, anchor.lsn()), headerCrc));
    draft.publish();
  }

  @Override
  public void close() throws IOException {
    memory.close();
    draft.close();
  }
}
