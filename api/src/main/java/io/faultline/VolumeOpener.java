package io.faultline;

import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.device.DirectoryJournalStore;
import io.faultline.engine.device.ImageFileDevice;
import io.faultline.engine.device.JournalStore;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.extent.BlockAllocator;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.TransactionLog;
import io.faultline.engine.journal.Tx;
import io.faultline.engine.lock.Guard;
import io.faultline.engine.namespace.Namespace;
import io.faultline.engine.namespace.StateLocks;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.volume.CommandRouter;
import io.faultline.engine.volume.LiveVolume;
import io.faultline.persistence.checkpoint.CheckpointFiles;
import io.faultline.persistence.checkpoint.CheckpointStore;
import io.faultline.persistence.checkpoint.Checkpointer;
import io.faultline.persistence.checkpoint.RecoveredState;
import io.faultline.persistence.journal.VolumeLog;
import io.faultline.persistence.journal.VolumeSystem;
import io.faultline.persistence.replay.ReadOnlyDirectory;
import io.faultline.persistence.segment.VolumeIdentity;
import io.faultline.persistence.volume.VolumeDirectory;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Where the public interfaces meet the engine: makes and opens volumes in directories. */
final class VolumeOpener {
  private VolumeOpener() {}

  static Volume create(Path directory, VolumeOptions options) throws IOException {
    requireGuard(options, true);
    boolean interrupted = Thread.interrupted();
    try {
      VolumeDirectory files =
          VolumeDirectory.create(directory, options.layout(), options.sizeBytes());
      return open(files, options, files.superblock().identity());
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException e) {
      throw Errors.translate("create", e);
    } finally {
      interruptAgain(interrupted);
    }
  }

  /** The host's channels refuse a thread that is interrupted; an opening may go on. */
  static void interruptAgain(boolean interrupted) {
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  static Volume open(Path directory, VolumeOptions options) throws IOException {
    requireGuard(options, false);
    boolean interrupted = Thread.interrupted();
    try {
      VolumeDirectory files = VolumeDirectory.open(directory, options.readOnly());
      VolumeIdentity last = files.superblock().identity();
      return open(
          files,
          options,
          options.readOnly() ? last : new VolumeIdentity(last.id(), last.epoch() + 1));
    } catch (FileSystemException e) {
      // The host's own answer about a file of its own says more than an errno of ours.
      throw e;
    } catch (IOException e) {
      throw Errors.translate("open", e);
    } finally {
      interruptAgain(interrupted);
    }
  }

  /** The unsafe guard loses data on purpose: only soak may ask for it, on a volume it makes. */
  private static void requireGuard(VolumeOptions options, boolean creates) throws ErrnoException {
    Guard guard = Guard.parse(options.guard());
    if (guard == Guard.NONE && !(creates && Boolean.getBoolean(Guard.UNGUARDED_PROPERTY))) {
      throw new ErrnoException(
          Errno.EPERM, "open", "the guard none loses data; only soak runs it, on its own volumes");
    }
  }

  /** Opens what {@code files} holds; takes {@code files} over, also when it fails. */
  static Volume open(VolumeDirectory files, VolumeOptions options, VolumeIdentity identity)
      throws IOException {
    BlockDevice image;
    try {
      long bytes = files.superblock().imageBytes();
      image = ImageFileDevice.open(files.imageFile(), false, bytes, options.readOnly());
    } catch (IOException | RuntimeException e) {
      close(files, e);
      throw e;
    }
    return options.readOnly()
        ? openReadOnly(files, image, options, identity)
        : open(
            EngineRuntime.production(),
            image,
            files.journalStore(),
            new CheckpointFiles(
                new DirectoryJournalStore(VolumeDirectory.checkpointDirectory(files.directory()))),
            new Place() {
              @Override
              public void claim() throws IOException {
                if (files.superblock().epoch() < identity.epoch()) {
                  files.raiseEpoch();
                }
              }

              @Override
              public void close() throws IOException {
                files.close();
              }
            },
            options,
            Checkpointer.Options.keeping(options.keepPolicy()),
            identity);
  }

  /** Where a volume's parts lie. */
  interface Place extends Closeable {
    /**
     * Makes the new epoch durable: the journal was found sound, nothing has been appended. Before
     * that, opening a volume that turns out to be damaged must change nothing (rule R8).
     */
    default void claim() throws IOException {}
  }

  private static Volume openReadOnly(
      VolumeDirectory files, BlockDevice image, VolumeOptions options, VolumeIdentity identity)
      throws IOException {
    try {
      // Recovery may cut a torn tail; reading must not change anything, so it goes without.
      RecoveredState recovered =
          RecoveredState.read(
              new ReadOnlyDirectory(VolumeDirectory.journalDirectory(files.directory())),
              CheckpointFiles.readOnly(files.directory()),
              identity);
      InodeTable table = recovered.table();
      long lastLsn = recovered.lastLsn();
      requireRoot(table, lastLsn);
      EngineRuntime runtime = EngineRuntime.production();
      LiveVolume live =
          assemble(runtime, image, table, VolumeOpener::refuse, lastLsn, options, identity);
      return new JournaledVolume(live, files::close, null, null, options, identity);
    } catch (IOException | RuntimeException e) {
      close(image, e);
      close(files, e);
      throw e;
    }
  }

  /** As the other one, for a volume that takes no checkpoints. */
  static JournaledVolume open(
      EngineRuntime runtime,
      BlockDevice image,
      JournalStore journal,
      Place place,
      VolumeOptions options,
      VolumeIdentity identity)
      throws IOException {
    return open(runtime, image, journal, null, place, options, null, identity);
  }

  /**
   * Recovers a volume from its parts and opens it. Takes {@code image} and {@code place} over, also
   * when it fails.
   *
   * @param checkpoints null for a volume that has and takes none
   * @param place closed behind everything else
   * @param distances when checkpoints are taken; null as for {@code checkpoints}
   */
  static JournaledVolume open(
      EngineRuntime runtime,
      BlockDevice image,
      JournalStore journal,
      @Nullable CheckpointStore checkpoints,
      Place place,
      VolumeOptions options,
      Checkpointer.@Nullable Options distances,
      VolumeIdentity identity)
      throws IOException {
    VolumeLog log = null;
    Checkpointer checkpointer = null;
    try {
      VolumeLog.Recovered recovered =
          checkpoints == null
              ? VolumeSystem.shared().recover(runtime, identity, journal, options.journal())
              : VolumeSystem.shared()
                  .recover(runtime, identity, journal, checkpoints, options.journal());
      log = recovered.log();
      InodeTable table = recovered.table();
      requireRoot(table, recovered.lastLsn());
      place.claim();
      TransactionLog transactions = log;
      // Another journal plugin has no segments to read, and keeps its past itself.
      if (checkpoints != null
          && distances != null
          && options.journal().equals(VolumeOptions.OWN_JOURNAL)) {
        checkpointer =
            new Checkpointer(
                runtime,
                journal,
                checkpoints,
                identity,
                distances,
                recovered.lastLsn(),
                recovered.tailEvents(),
                table.size());
        transactions = checkpointer.counting(log);
      }
      LiveVolume live =
          assemble(runtime, image, table, transactions, recovered.lastLsn(), options, identity);
      if (table.get(InodeTable.ROOT) == null) {
        try {
          makeRoot(live);
        } catch (IOException | RuntimeException e) {
          close(live, e);
          throw e;
        }
      }
      return new JournaledVolume(live, place, log, checkpointer, options, identity);
    } catch (IOException | RuntimeException e) {
      close(checkpointer, e);
      close(log, e);
      close(image, e);
      close(place, e);
      throw e;
    }
  }

  private static LiveVolume assemble(
      EngineRuntime runtime,
      BlockDevice image,
      InodeTable table,
      TransactionLog transactions,
      long lastLsn,
      VolumeOptions options,
      VolumeIdentity identity)
      throws FsException {
    return new LiveVolume(
        runtime,
        image,
        table,
        transactions,
        identity.epoch(),
        lastLsn,
        config(options, image.sizeBytes()),
        routing(identity, runtime));
  }

  private static LiveVolume.Config config(VolumeOptions options, long imageBytes) {
    return new LiveVolume.Config(
        imageBytes / LiveVolume.BLOCK_BYTES,
        (int) (options.cacheSizeBytes() / LiveVolume.BLOCK_BYTES),
        Guard.parse(options.guard()),
        options.reuseFreedFirst()
            ? BlockAllocator.Policy.REUSE_LAST_FREED
            : BlockAllocator.Policy.NEXT_FIT,
        options.commitInterval().toNanos(),
        options.readOnly());
  }

  private static java.util.function.Function<
          io.faultline.engine.volume.MappingOperations, CommandRouter>
      routing(VolumeIdentity identity, EngineRuntime runtime) {
    return VolumeSystem.shared()
        .routing("volume-" + identity.id() + "-" + identity.epoch(), runtime);
  }

  private static CompletionStage<Void> refuse(Tx tx) {
    return CompletableFuture.failedFuture(new IOException("the volume was opened read-only"));
  }

  /** Only a volume that never had a transaction may lack its root directory. */
  private static void requireRoot(InodeTable table, long lastLsn) throws FsException {
    if (lastLsn > 0 && table.get(InodeTable.ROOT) == null) {
      throw new FsException(
          io.faultline.engine.errno.Errno.EUCLEAN, "open", "the journal made no root directory");
    }
  }

  /** The first transaction of a new volume. */
  private static void makeRoot(LiveVolume live) throws FsException {
    try (StateLocks _ = live.lockStates(InodeTable.ROOT)) {
      live.publish(Namespace.rootEvents(live.nowNanos()));
    }
    live.sync();
  }

  private static void close(@Nullable AutoCloseable resource, Exception cause) {
    if (resource != null) {
      try {
        resource.close();
      } catch (Exception e) {
        cause.addSuppressed(e);
      }
    }
  }
}
