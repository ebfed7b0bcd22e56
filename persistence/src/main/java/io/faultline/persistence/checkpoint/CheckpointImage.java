package io.faultline.persistence.checkpoint;

import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.StoredInodes;
import io.faultline.persistence.codec.CodecException;
import io.faultline.persistence.codec.InodeCodec;
import io.faultline.persistence.segment.JournalAnchor;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The inodes of one checkpoint as they stand in its file: whole, checked against their checksums,
 * with the place of each, and none of them decoded. Takes the bytes of the file and four more for
 * each inode. Immutable.
 */
public final class CheckpointImage implements StoredInodes {
  private static final class Block {
    final long firstIno;
    final ByteBuffer bytes;
    final int[] offsets;

    Block(long firstIno, ByteBuffer bytes, int[] offsets) {
      this.firstIno = firstIno;
      this.bytes = bytes;
      this.offsets = offsets;
    }

    long ino(int index) {
      return bytes.getLong(offsets[index]);
    }

    ByteBuffer body(int index) {
      int at = offsets[index];
      return bytes.slice(
          at + CheckpointFormat.ENTRY_HEADER_BYTES,
          bytes.getInt(at + CheckpointFormat.ENTRY_HEADER_BYTES - Integer.BYTES));
    }
  }

  private final String name;
  private final JournalAnchor anchor;
  private final long nextNumber;
  private final int size;
  private final Block[] blocks;

  /** The state before the first transaction. */
  public static final CheckpointImage NONE = new CheckpointImage();

  private CheckpointImage() {
    this.name = "";
    this.anchor = JournalAnchor.BEGINNING;
    this.nextNumber = 0;
    this.size = 0;
    this.blocks = new Block[0];
  }

  private CheckpointImage(String name, CheckpointReader reader) throws IOException {
    this.name = name;
    this.anchor = reader.anchor();
    this.nextNumber = reader.nextNumber();
    this.size = Math.toIntExact(reader.inodes());
    List<Block> all = new ArrayList<>();
    while (reader.next()) {
      int[] offsets = new int[reader.leftInBlock()];
      Block block = new Block(reader.ino(), reader.copyOfBlock(), offsets);
      offsets[0] = reader.entryOffset();
      for (int i = 1; i < offsets.length; i++) {
        reader.next();
        offsets[i] = reader.entryOffset();
      }
      all.add(block);
    }
    this.blocks = all.toArray(Block[]::new);
  }

  /**
   * Reads the checkpoint of transaction {@code lsn}.
   *
   * @throws DamagedCheckpointException it is not whole
   */
  static CheckpointImage read(
      CheckpointStore store, long lsn, VolumeIdentity identity, Set<CheckpointMutant> mutants)
      throws IOException {
    try (CheckpointReader reader = CheckpointReader.open(store, lsn, identity, mutants)) {
      return new CheckpointImage(store.nameOf(lsn), reader);
    }
  }

  /** The transaction this is the state behind. */
  JournalAnchor anchor() {
    return anchor;
  }

  /** Above the number of every inode the volume ever had. */
  long nextNumber() {
    return nextNumber;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public boolean holds(long ino) {
    Block block = blockOf(ino);
    return block != null && indexOf(ino, block) >= 0;
  }

  @Override
  public @Nullable Inode get(long ino) {
    Block block = blockOf(ino);
    int index = block == null ? -1 : indexOf(ino, block);
    return block == null || index < 0 ? null : decode(block, index, Wanted.ALL);
  }

  @Override
  public void forEach(LongPredicate numbers, Wanted wanted, Consumer<? super Inode> each) {
    for (Block block : blocks) {
      for (int i = 0; i < block.offsets.length; i++) {
        Inode inode = numbers.test(block.ino(i)) ? decode(block, i, wanted) : null;
        if (inode != null) {
          each.accept(inode);
        }
      }
    }
  }

  /** Takes a name. */
  @FunctionalInterface
  public interface Names {
    void name(long directory, String name, long child);
  }

  /** The names of {@code children} in those directories that are among {@code directories}. */
  public void forEachName(LongPredicate directories, LongPredicate children, Names names) {
    for (Block block : blocks) {
      for (int i = 0; i < block.offsets.length; i++) {
        int body = block.offsets[i] + CheckpointFormat.ENTRY_HEADER_BYTES;
        long ino = block.ino(i);
        if (InodeCodec.isDirectory(block.bytes, body) && directories.test(ino)) {
          try {
            InodeCodec.names(
                block.body(i), children, (name, child) -> names.name(ino, name, child));
          } catch (CodecException e) {
            throw undecodable(ino, e);
          }
        }
      }
    }
  }

  /** The numbers of the inodes that are only in one of two, or not the same in both. */
  public static void differing(CheckpointImage one, CheckpointImage other, LongConsumer each) {
    Cursor a = new Cursor(one);
    Cursor b = new Cursor(other);
    while (a.ino < Long.MAX_VALUE || b.ino < Long.MAX_VALUE) {
      long ino = Math.min(a.ino, b.ino);
      // Equal inodes have equal bytes.
      if (a.ino != b.ino || !a.body().equals(b.body())) {
        each.accept(ino);
      }
      if (a.ino == ino) {
        a.next();
      }
      if (b.ino == ino) {
        b.next();
      }
    }
  }

  /** One inode after the other; behind the last one a number that none has. */
  private static final class Cursor {
    private final Block[] blocks;
    private int block;
    private int index = -1;
    private long ino;

    Cursor(CheckpointImage image) {
      this.blocks = image.blocks;
      next();
    }

    void next() {
      index++;
      if (block < blocks.length && index == blocks[block].offsets.length) {
        block++;
        index = 0;
      }
      ino = block == blocks.length ? Long.MAX_VALUE : blocks[block].ino(index);
    }

    ByteBuffer body() {
      return blocks[block].body(index);
    }
  }

  private @Nullable Block blockOf(long ino) {
    int low = 0;
    int high = blocks.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (blocks[middle].firstIno <= ino) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low == 0 ? null : blocks[low - 1];
  }

  private static int indexOf(long ino, Block block) {
    int low = 0;
    int high = block.offsets.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      long here = block.ino(middle);
      if (here == ino) {
        return middle;
      }
      if (here < ino) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -1;
  }

  private @Nullable Inode decode(Block block, int index, Wanted wanted) {
    try {
      return InodeCodec.decode(block.ino(index), block.body(index), wanted);
    } catch (CodecException e) {
      throw undecodable(block.ino(index), e);
    }
  }

  private UncheckedIOException undecodable(long ino, CodecException e) {
    return new UncheckedIOException(
        "checkpoint " + name + " inode " + ino + ": " + e.getMessage(), e);
  }
}
