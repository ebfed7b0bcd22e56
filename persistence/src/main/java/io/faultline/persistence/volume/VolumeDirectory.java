package io.faultline.persistence.volume;

import io.faultline.engine.device.DirectoryJournalStore;
import io.faultline.engine.device.JournalStore;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.runtime.Barrier;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.persistence.segment.SegmentLog;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
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
  private static final String SUPERBLOCK = SuperblockFile.NAME;
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
      Files.createDirectory(remember(made, directory.resolve(CHECKPOINT)));
      Path journal = remember(made, directory.resolve(JOURNAL));
      Files.createDirectory(journal);
      remember(made, directory.resolve(IMAGE));
      remember(made, directory.resolve(SUPERBLOCK));
      fill(
          parentOf(directory),
          new DirectoryJournalStore(directory),
          new DirectoryJournalStore(journal),
          superblock);
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

  private static void makeImage(JournalStore root, long bytes) throws IOException {
    try (JournalStore.JournalFile image = root.open(IMAGE, true)) {
      // One byte at the end gives the file its size and leaves it sparse.
      image.write(ByteBuffer.allocate(1), bytes - 1);
      if (!Barrier.IMAGE_CREATE_SYNC.omitted()) {
        image.sync();
      }
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
    new SuperblockFile(new DirectoryJournalStore(directory)).write(superblock);
  }

  /**
   * Fills a volume's directory, which is there with an empty directory for the journal; durable
   * when this returns. The superblock comes last: a volume that has one is complete.
   *
   * @param parent where {@code root} has its name
   */
  public static void fill(
      JournalStore parent, JournalStore root, JournalStore journal, Superblock superblock)
      throws IOException {
    makeImage(root, superblock.imageBytes());
    SegmentLog.create(journal, superblock.identity());
    // A power cut may keep a later name and lose an earlier one.
    if (!Barrier.VOLUME_PARTS_SYNC.omitted()) {
      root.syncDirectory();
    }
    new SuperblockFile(root).write(superblock);
    if (!Barrier.VOLUME_DIRECTORY_SYNC.omitted()) {
      parent.syncDirectory();
    }
  }

  private static JournalStore parentOf(Path directory) {
    Path parent = directory.toAbsolutePath().getParent();
    return new DirectoryJournalStore(parent == null ? directory : parent);
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
