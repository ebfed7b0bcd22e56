package io.faultline.persistence.checkpoint;

import io.faultline.engine.device.JournalStore;
import io.faultline.engine.runtime.Barrier;
import io.faultline.persistence.replay.ReadOnlyDirectory;
import io.faultline.persistence.volume.VolumeDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Checkpoints as files of a store that syncs files and names, such as a directory of the host. The
 * name is the transaction in hexadecimal; until it is published a file has a name that is none.
 *
 * <p>Rule R13: all bytes are synced, then the file is renamed, then the names are synced. A crash
 * before the last of these leaves the checkpoint or none, never half of one under its name.
 */
public final class CheckpointFiles implements CheckpointStore {
  private static final Pattern NAME = Pattern.compile("[0-9a-f]{16}\\.ckpt");
  private static final String DRAFT = "draft.tmp";

  /**
   * Bytes written between two syncs. The host's own journal may make every fsync of the volume wait
   * for whatever is unwritten of other files; it should never be much. Nothing else depends on
   * these syncs: they are no {@link Barrier}.
   */
  private static final long SYNC_BYTES = 4L << 20;

  private final JournalStore files;

  /** Checkpoints in {@code files}, which must be able to rename. */
  public CheckpointFiles(JournalStore files) {
    this.files = files;
  }

  /** The checkpoints of a volume in a directory, which may be in use; for reading only. */
  public static CheckpointStore readOnly(Path volume) {
    return new CheckpointFiles(new ReadOnlyDirectory(VolumeDirectory.checkpointDirectory(volume)));
  }

  @Override
  public List<Long> list() throws IOException {
    List<String> names;
    try {
      names = files.list();
    } catch (NoSuchFileException e) {
      // A volume without the directory is one without checkpoints.
      return List.of();
    }
    return names.stream()
        .filter(name -> NAME.matcher(name).matches())
        .map(name -> Long.parseUnsignedLong(name, 0, 16, 16))
        .filter(lsn -> lsn > 0)
        .sorted()
        .toList();
  }

  @Override
  public JournalStore.JournalFile open(long lsn) throws IOException {
    return files.open(nameOf(lsn), false);
  }

  @Override
  public Draft begin(long lsn) throws IOException {
    JournalStore.JournalFile file = files.open(DRAFT, true);
    boolean begun = false;
    try {
      file.truncate(0);
      begun = true;
      return new FileDraft(file, nameOf(lsn));
    } finally {
      if (!begun) {
        file.close();
      }
    }
  }

  @Override
  public void delete(long lsn) throws IOException {
    files.delete(nameOf(lsn));
  }

  @Override
  public void sync() throws IOException {
    files.syncDirectory();
  }

  @Override
  public String nameOf(long lsn) {
    return HexFormat.of().toHexDigits(lsn) + ".ckpt";
  }

  private final class FileDraft implements Draft {
    private final JournalStore.JournalFile file;
    private final String name;
    private long position;
    private long synced;
    private boolean published;

    FileDraft(JournalStore.JournalFile file, String name) {
      this.file = file;
      this.name = name;
    }

    @Override
    public void write(ByteBuffer bytes) throws IOException {
      int count = bytes.remaining();
      file.write(bytes, position);
      position += count;
      if (position - synced >= SYNC_BYTES) {
        file.sync();
        synced = position;
      }
    }

    @Override
    public void publish() throws IOException {
      if (!Barrier.CHECKPOINT_SYNC.omitted()) {
        file.sync();
      }
      files.rename(DRAFT, name);
      published = true;
      if (!Barrier.CHECKPOINT_DIRECTORY_SYNC.omitted()) {
        files.syncDirectory();
      }
    }

    @Override
    public void close() throws IOException {
      try (file) {
        if (!published) {
          files.delete(DRAFT);
        }
      }
    }
  }
}
