package io.faultline.persistence.volume;

import io.faultline.engine.device.JournalStore;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.runtime.Barrier;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;

/**
 * Where a volume's superblock lies: replaced as a whole or not at all. Written under another name
 * first, synced, renamed; durable when {@link #write} returns. Not thread-safe.
 *
 * @param root the volume's directory
 */
public record SuperblockFile(JournalStore root) {
  /** Its name. */
  public static final String NAME = "superblock";

  private static final String TEMPORARY = NAME + ".tmp";

  /**
   * The superblock.
   *
   * @param where the volume, for messages
   * @throws FsException ENOENT without one, EUCLEAN if it is damaged or too new
   */
  public Superblock read(String where) throws IOException {
    try (JournalStore.JournalFile file = root.open(NAME, false)) {
      int bytes = (int) Math.min(file.length(), Superblock.BYTES);
      ByteBuffer in = ByteBuffer.allocate(bytes);
      file.read(in, 0);
      return Superblock.decode(in.flip(), where);
    } catch (NoSuchFileException e) {
      throw new FsException(Errno.ENOENT, "open", where + " is not a volume");
    }
  }

  /** Makes {@code superblock} the volume's. */
  public void write(Superblock superblock) throws IOException {
    try (JournalStore.JournalFile file = root.open(TEMPORARY, true)) {
      file.truncate(0);
      file.write(superblock.encode(), 0);
      if (!Barrier.SUPERBLOCK_SYNC.omitted()) {
        file.sync();
      }
    }
    root.rename(TEMPORARY, NAME);
    if (!Barrier.SUPERBLOCK_DIRECTORY_SYNC.omitted()) {
      root.syncDirectory();
    }
  }
}
