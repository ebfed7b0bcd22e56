package io.faultline.persistence.volume;

import io.faultline.engine.device.DirectoryJournalStore;
import io.faultline.engine.device.JournalStore;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.persistence.segment.SegmentLog;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * An open volume directory. While this object lives, no other process and nobody else in this JVM
 * has the volume open for writing.
 *
 * <pre>
 *  DIR/superblock   what the volume is ({@link Superblock})
 *  DIR/lock         the operating system's lock; contains the holder's pid
 *  DIR/blocks.img   the data blocks, sparse
 *  DIR/journal/     segments of transactions
 *  DIR/checkpoint/  states that make older segments superfluous
 * </pre>
 *
 * <p>Every refusal is one {@link FsException} with one clear line, and leaves the directory as it
 * was. Not thread-safe.
 */
public final class VolumeDirectory implements AutoCloseable {
  private static final String SUPERBLOCK = "superblock";
  private static final String LOCK = "lock";
  private static final String IMAGE = "blocks.img";
  private static final String JOURNAL = "journal";
  private static final String CHECKPOINT = "checkpoint";

  private final Path directory;
  private final VolumeLock lock;
  private final boolean readOnly;
  private Superblock superblock;

  private VolumeDirectory(
      Path directory, VolumeLock lock, boolean readOnly, Superblock superblock) {
    this.directory = directory;
    this.lock = lock;
    this.readOnly = readOnly;
    this.superblock = superblock;
  }

  /**
   * Makes a volume with an empty journal and opens it. The superblock comes last and under a
   * temporary name first, so a directory that has one is complete. What was made is removed again
   * when something fails.
   *
   * @param directory absent or empty
   * @param sizeBytes of the block image; rounded down to whole blocks
   * @throws FsException EEXIST for a volume, ENOTEMPTY for any other directory with something in
   *     it, ENOTDIR for a file, EINVAL for a size below one block or an unusable layout name
   */
  public static VolumeDirectory create(Path directory, String layout, long sizeBytes)
      throws IOException {
    Superblock superblock;
    try {
      superblock =
          new Superblock(
              EngineRuntime.newVolumeId(),
              layout,
              Superblock.BLOCK_SIZE,
              sizeBytes / Superblock.BLOCK_SIZE,
              1,
              EngineRuntime.production().wallNanos());
    } catch (IllegalArgumentException e) {
      throw new FsException(
          Errno.EINVAL, "create", "layout " + layout + ", size " + sizeBytes + " bytes");
    }
    refuseUnlessEmpty(directory);
    boolean existed = Files.exists(directory);
    Files.createDirectories(directory);
    List<Path> made = new ArrayList<>();
    if (!existed) {
      made.add(directory);
    }
    boolean done = false;
    VolumeLock lock = null;
    try {
      made.add(directory.resolve(LOCK));
      lock = VolumeLock.take(directory, LOCK, false);
      makeImage(remember(made, directory.resolve(IMAGE)), superblock.imageBytes());
      Files.createDirectory(remember(made, directory.resolve(CHECKPOINT)));
      Path journal = remember(made, directory.resolve(JOURNAL));
      Files.createDirectory(journal);
      SegmentLog.create(new DirectoryJournalStore(journal), superblock.identity());
      write(directory, superblock);
      syncParentOf(directory);
      done = true;
      return new VolumeDirectory(directory, lock, false, superblock);
    } finally {
      if (!done) {
        if (lock != null) {
          lock.close();
        }
        for (Path path : made.reversed()) {
          removeTree(path);
        }
      }
    }
  }

  private static Path remember(List<Path> made, Path path) {
    made.add(path);
    return path;
  }

  private static void refuseUnlessEmpty(Path directory) throws IOException {
    if (Files.isDirectory(directory)) {
      if (Files.exists(directory.resolve(SUPERBLOCK))) {
        throw new FsException(Errno.EEXIST, "create", directory + " is a volume already");
      }
      try (Stream<Path> entries = Files.list(directory)) {
        if (entries.findAny().isPresent()) {
          throw new FsException(Errno.ENOTEMPTY, "create", directory + " is not empty");
        }
      }
    } else if (Files.exists(directory)) {
      throw new FsException(Errno.ENOTDIR, "create", directory + " is not a directory");
    }
  }

  private static void makeImage(Path image, long bytes) throws IOException {
    try (FileChannel channel =
        FileChannel.open(image, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      // One byte at the end gives the file its size and leaves it sparse.
      channel.write(ByteBuffer.allocate(1), bytes - 1);
      channel.force(true);
    }
  }

  private static void removeTree(Path path) throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    try (Stream<Path> tree = Files.walk(path)) {
      for (Path p : tree.toList().reversed()) {
        Files.delete(p);
      }
    }
  }

  /**
   * Opens an existing volume.
   *
   * @param readOnly writes nothing, not even into the lock file; {@link #raiseEpoch} is refused
   * @throws FsException ENOENT when there is no volume; EBUSY with the holder's pid; EUCLEAN when
   *     the format is newer, the superblock damaged, the image too small or the journal missing
   */
  public static VolumeDirectory open(Path directory, boolean readOnly) throws IOException {
    // Before the lock, since taking it may create a file; once more behind it, since only then
    // nobody else changes what is read.
    readSuperblock(directory);
    VolumeLock lock;
    try {
      lock = VolumeLock.take(directory, LOCK, readOnly);
    } catch (NoSuchFileException e) {
      throw new FsException(Errno.EUCLEAN, "open", directory + " has no lock file");
    }
    boolean done = false;
    try {
      Superblock superblock = readSuperblock(directory);
      checkImage(directory, superblock);
      checkJournal(directory);
      done = true;
      return new VolumeDirectory(directory, lock, readOnly, superblock);
    } finally {
      if (!done) {
        lock.close();
      }
    }
  }

  /**
   * The superblock of a volume that need not be open and may be open elsewhere.
   *
   * @throws FsException as {@link #open}
   */
  public static Superblock readSuperblock(Path directory) throws IOException {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(directory.resolve(SUPERBLOCK));
    } catch (NoSuchFileException e) {
      throw new FsException(Errno.ENOENT, "open", directory + " is not a volume");
    } catch (IOException e) {
      if (Files.isDirectory(directory)) {
        throw e;
      }
      throw new FsException(Errno.ENOTDIR, "open", directory + " is not a volume");
    }
    return Superblock.decode(ByteBuffer.wrap(bytes), directory.toString());
  }

  /** The process that has the volume open for writing; asks nobody and touches nothing. */
  public static Optional<Long> holder(Path directory) throws IOException {
    return VolumeLock.holder(directory, LOCK);
  }

  /** Where the journal of a volume lies. */
  public static Path journalDirectory(Path directory) {
    return directory.resolve(JOURNAL);
  }

  /** Where the checkpoints of a volume lie. */
  public static Path checkpointDirectory(Path directory) {
    return directory.resolve(CHECKPOINT);
  }

  private static void checkImage(Path directory, Superblock superblock) throws IOException {
    Path image = directory.resolve(IMAGE);
    if (!Files.isRegularFile(image)) {
      throw new FsException(Errno.EUCLEAN, "open", directory + " has no block image " + IMAGE);
    }
    long size = Files.size(image);
    if (size < superblock.imageBytes()) {
      throw new FsException(
          Errno.EUCLEAN,
          "open",
          image + " has " + size + " bytes, the superblock says " + superblock.imageBytes());
    }
  }

  private static void checkJournal(Path directory) throws IOException {
    Path journal = directory.resolve(JOURNAL);
    if (!Files.isDirectory(journal)) {
      throw new FsException(Errno.EUCLEAN, "open", directory + " has no journal");
    }
    try (Stream<Path> segments = Files.list(journal)) {
      if (segments.findAny().isEmpty()) {
        throw new FsException(Errno.EUCLEAN, "open", "the journal of " + directory + " is empty");
      }
    }
  }

  /**
   * Begins a new epoch: whoever still acts for an older one can be told apart from now on. Durable
   * when this returns.
   *
   * @return with which to open the journal
   */
  public VolumeIdentity raiseEpoch() throws IOException {
    if (readOnly) {
      throw new FsException(Errno.EROFS, "open", directory + " is open for reading");
    }
    Superblock next = superblock.withEpoch(superblock.epoch() + 1);
    write(directory, next);
    superblock = next;
    return next.identity();
  }

  private static void write(Path directory, Superblock superblock) throws IOException {
    Path temporary = directory.resolve(SUPERBLOCK + ".tmp");
    try (FileChannel channel =
        FileChannel.open(
            temporary,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer bytes = superblock.encode();
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(
        temporary,
        directory.resolve(SUPERBLOCK),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
    syncDirectory(directory);
  }

  private static void syncParentOf(Path directory) throws IOException {
    Path parent = directory.toAbsolutePath().getParent();
    if (parent != null) {
      syncDirectory(parent);
    }
  }

  private static void syncDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  public Superblock superblock() {
    return superblock;
  }

  public Path directory() {
    return directory;
  }

  public boolean readOnly() {
    return readOnly;
  }

  /** The file with the data blocks. */
  public Path imageFile() {
    return directory.resolve(IMAGE);
  }

  /** The journal's files. */
  public JournalStore journalStore() {
    return new DirectoryJournalStore(directory.resolve(JOURNAL));
  }

  /** Lets others open the volume. */
  @Override
  public void close() throws IOException {
    lock.close();
  }
}
