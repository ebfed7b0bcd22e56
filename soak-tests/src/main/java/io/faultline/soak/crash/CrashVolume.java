package io.faultline.soak.crash;

import io.faultline.engine.device.Io;
import io.faultline.engine.device.JournalStore;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.extent.BlockAllocator;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.lock.Guard;
import io.faultline.engine.namespace.Namespace;
import io.faultline.engine.namespace.StateLocks;
import io.faultline.engine.volume.Fsck;
import io.faultline.engine.volume.LiveVolume;
import io.faultline.engine.volume.OpenInode;
import io.faultline.persistence.checkpoint.CheckpointFiles;
import io.faultline.persistence.checkpoint.CheckpointStore;
import io.faultline.persistence.checkpoint.Checkpointer;
import io.faultline.persistence.checkpoint.Keep;
import io.faultline.persistence.checkpoint.RecoveryPoint;
import io.faultline.persistence.journal.VolumeLog;
import io.faultline.persistence.journal.VolumeSystem;
import io.faultline.persistence.segment.SegmentLog;
import io.faultline.persistence.segment.VolumeIdentity;
import io.faultline.persistence.volume.Superblock;
import io.faultline.persistence.volume.SuperblockFile;
import io.faultline.persistence.volume.VolumeDirectory;
import io.faultline.soak.model.OpLine;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The whole engine on media of memory: opened, used by one client, and put away. Opening does what
 * {@code io.faultline.VolumeOpener} does, in its order, with the same parts: superblock, scan of
 * the segments, replay through the event-sourced behaviour, claim of the epoch, live volume.
 */
final class CrashVolume {
  /** Directories of the media. */
  static final String PARENT = "parent";

  static final String ROOT = "root";
  static final String JOURNAL = "journal";
  static final String CHECKPOINT = "checkpoint";
  static final String VOLUME_NAME = PARENT + "/volume";
  static final String IMAGE_NAME = ROOT + "/blocks.img";

  /** Blocks of the image. */
  static final int BLOCKS = 96;

  private static final int FRAMES = 256;

  /** So small that a few transactions fill a segment. */
  private static final long SEGMENT_BYTES = 640;

  /** A few transactions make a checkpoint due, and nothing of the past is kept for its own sake. */
  private static final Checkpointer.Options CHECKPOINTS =
      new Checkpointer.Options(6, Long.MAX_VALUE, new Keep.Bytes(0));

  private static final long INTERVAL_NANOS = TimeUnit.HOURS.toNanos(1);

  private final Medium medium;
  private HandClock clock = new HandClock();
  private VolumeLog log;
  private Checkpointer checkpointer;
  private LiveVolume live;
  private InodeTable recovered;
  private long recoveredLsn;
  private @Nullable Elsewhere elsewhere;

  private CrashVolume(Medium medium) throws IOException {
    this.medium = medium;
    Superblock before = new SuperblockFile(medium.directory(ROOT)).read("the volume");
    VolumeIdentity identity = new VolumeIdentity(before.id(), before.epoch() + 1);
    JournalStore journal = medium.directory(JOURNAL);
    CheckpointStore checkpoints = new CheckpointFiles(medium.directory(CHECKPOINT));
    RecoveryPoint start = RecoveryPoint.newest(journal, checkpoints, identity);
    SegmentLog segments = SegmentLog.open(clock, journal, identity, start.anchor(), SEGMENT_BYTES);
    VolumeLog.Recovered found = VolumeSystem.shared().recover(identity, start, segments);
    log = found.log();
    boolean opened = false;
    try {
      recovered = copyOf(found.table());
      recoveredLsn = found.lastLsn();
      if (found.lastLsn() > 0 && found.table().get(InodeTable.ROOT) == null) {
        throw new FsException(Errno.EUCLEAN, "open", "the journal made no root directory");
      }
      new SuperblockFile(medium.directory(ROOT)).write(before.withEpoch(before.epoch() + 1));
      checkpointer =
          new Checkpointer(
              clock,
              journal,
              checkpoints,
              identity,
              CHECKPOINTS,
              found.lastLsn(),
              found.tailEvents(),
              found.table().size());
      live =
          new LiveVolume(
              clock,
              medium.image(),
              found.table(),
              checkpointer.counting(log),
              identity.epoch(),
              found.lastLsn(),
              new LiveVolume.Config(
                  BLOCKS,
                  FRAMES,
                  Guard.MAPPING_LOCK,
                  BlockAllocator.Policy.REUSE_LAST_FREED,
                  INTERVAL_NANOS,
                  false),
              VolumeSystem.shared()
                  .routing("crash-" + identity.id() + "-" + identity.epoch(), clock));
      if (found.lastLsn() == 0) {
        try (StateLocks _ = live.lockStates(InodeTable.ROOT)) {
          live.publish(Namespace.rootEvents(clock.wallNanos()));
        }
        live.sync();
      }
      opened = true;
    } finally {
      if (!opened) {
        log.close();
      }
    }
    medium.record(new TapeEvent.Opened());
  }

  private static InodeTable copyOf(InodeTable table) {
    InodeTable copy = new InodeTable();
    table.all().forEach(copy::keep);
    return copy;
  }

  /** Makes a volume on empty media; the media know when that was acknowledged. */
  static void create(Medium medium, UUID id) throws IOException {
    medium.directory(PARENT).open("volume", true).close();
    VolumeDirectory.fill(
        medium.directory(PARENT),
        medium.directory(ROOT),
        medium.directory(JOURNAL),
        new Superblock(id, "ext4", Superblock.BLOCK_SIZE, BLOCKS, 1, 0));
  }

  /** Recovers what {@code medium} holds. */
  static CrashVolume open(Medium medium) throws IOException {
    return new CrashVolume(medium);
  }

  /** The state that recovery came to, before the volume did anything. */
  InodeTable recovered() {
    return recovered;
  }

  long recoveredLsn() {
    return recoveredLsn;
  }

  LiveVolume live() {
    return live;
  }

  /** Carries out one step; what the engine refuses is thrown. */
  void run(Step step) throws IOException {
    switch (step) {
      case Step.Op op -> run(op.line());
      case Step.DataSync d -> on(d.path(), f -> f.sync(false));
      case Step.Interval _ -> {
        // The flusher first, for the sake of repetition; what it commits, no timer commits again,
        // and timers that its work sets are due an interval later.
        List<HandClock.Pending> due = clock.timers();
        clock.ring(due, true);
        live.awaitBackground();
        clock.ring(due, false);
      }
      case Step.Checkpoint _ -> checkpoint();
      case Step.Reopen _ -> reopen();
      case Step.WritebackElsewhere w -> elsewhere = new Elsewhere(w.path());
    }
    if (elsewhere != null && !(step instanceof Step.WritebackElsewhere)) {
      elsewhere.end();
      elsewhere = null;
    }
  }

  private void checkpoint() {
    long before = checkpointer.written();
    if (clock.checkpoint() && checkpointer.written() == before) {
      throw new IllegalStateException("no checkpoint was written");
    }
  }

  // A checkpoint that is due stays due: the checkpointer is not closed, which would wait for it.
  private void reopen() throws IOException {
    live.close();
    log.close();
    CrashVolume next = new CrashVolume(medium);
    log = next.log;
    clock = next.clock;
    checkpointer = next.checkpointer;
    live = next.live;
    recovered = next.recovered;
    recoveredLsn = next.recoveredLsn;
  }

  private void run(OpLine line) throws IOException {
    Namespace names = live.names();
    switch (line) {
      case OpLine.Create o -> names.create(o.path(), 0644, true);
      case OpLine.Mkdir o -> names.mkdir(o.path(), 0755);
      case OpLine.Unlink o -> names.unlink(o.path());
      case OpLine.Rmdir o -> names.rmdir(o.path());
      case OpLine.Rename o -> names.rename(o.from(), o.to());
      case OpLine.Link o -> names.link(o.existing(), o.path());
      case OpLine.Symlink o -> names.symlink(o.target(), o.path());
      case OpLine.Write o -> {
        long ino = names.create(o.path(), 0644, false).ino();
        on(ino, f -> writeAll(f, o.offset(), o.length(), o.value()));
      }
      case OpLine.Append o -> on(o.path(), f -> writeAll(f, f.size(), o.length(), o.value()));
      case OpLine.Truncate o -> on(o.path(), f -> await(f.truncate(o.sizeBytes())));
      case OpLine.Punch o -> on(o.path(), f -> await(f.punchHole(o.offset(), o.length())));
      case OpLine.Zero o -> on(o.path(), f -> await(f.zeroRange(o.offset(), o.length(), o.keep())));
      case OpLine.Allocate o ->
          on(o.path(), f -> await(f.allocate(o.offset(), o.length(), o.keep())));
      case OpLine.Collapse o -> on(o.path(), f -> await(f.collapseRange(o.offset(), o.length())));
      case OpLine.Insert o -> on(o.path(), f -> await(f.insertRange(o.offset(), o.length())));
      case OpLine.Fsync o -> on(o.path(), f -> f.sync(true));
      case OpLine.Sync _ -> live.sync();
      case OpLine.DropCaches _ -> live.dropCaches();
      default -> throw new IllegalArgumentException("not for crash sequences: " + line.print());
    }
  }

  private interface Use {
    void on(OpenInode file) throws IOException;
  }

  private void on(String path, Use use) throws IOException {
    on(live.names().resolve(path, true), use);
  }

  private void on(long ino, Use use) throws IOException {
    try (OpenInode file = OpenInode.open(live, ino, true, true)) {
      use.on(file);
    }
  }

  private static void await(CompletableFuture<Void> command) throws FsException {
    OpenInode.await(command);
  }

  private static void writeAll(OpenInode file, long offset, long length, int value)
      throws FsException {
    byte[] bytes = new byte[Math.toIntExact(length)];
    Arrays.fill(bytes, (byte) value);
    if (file.write(ByteBuffer.wrap(bytes), offset) != bytes.length) {
      throw new IllegalStateException("a short write");
    }
  }

  /** What the open volume shows. */
  Found look() throws IOException {
    Found names = ReplayRecovery.outcome(live.table(), 0).found();
    Map<Long, Found.Content> contents = new HashMap<>();
    for (Found.Named named : names.names().values()) {
      if (live.table().get(named.ino()) instanceof Inode.RegularFile) {
        contents.put(named.ino(), new Found.Bytes(read(named.ino())));
      }
    }
    return new Found(names.names(), contents);
  }

  private byte[] read(long ino) throws IOException {
    try (OpenInode file = OpenInode.open(live, ino, true, false)) {
      ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(file.size()));
      while (all.hasRemaining() && file.read(all, all.position()) > 0) {
        // read(2) may return less
      }
      return all.array();
    }
  }

  /** Names and sizes only: reading would move times and fill the cache. */
  Found lookAtNames() {
    Found names = ReplayRecovery.outcome(live.table(), 0).found();
    Map<Long, Found.Content> sizes = new HashMap<>();
    for (Found.Named named : names.names().values()) {
      Inode inode = live.table().get(named.ino());
      if (inode instanceof Inode.RegularFile) {
        sizes.put(named.ino(), new Found.Bytes(new byte[(int) live.liveFacts(inode).sizeBytes()]));
      }
    }
    return new Found(names.names(), sizes);
  }

  /** The first contradiction of the open volume, or nothing. */
  String fsck() {
    Fsck.Report report = Fsck.check(live);
    return report.findings().isEmpty() ? "" : report.findings().getFirst().toString();
  }

  /** Puts the volume away; nothing of that reaches the media. */
  void abandon() {
    medium.stop();
    if (elsewhere != null) {
      elsewhere.end();
    }
    try {
      live.close();
    } catch (FsException e) {
      // It was broken before; it is gone now.
      elsewhere = null;
    } finally {
      log.close();
    }
  }

  /** Writeback by another thread whose requests are held back. */
  private final class Elsewhere {
    private final Thread client = Thread.currentThread();
    private final CompletableFuture<Void> reached = new CompletableFuture<>();
    private final CompletableFuture<Void> goOn = new CompletableFuture<>();
    private final Thread writer;

    Elsewhere(String path) throws IOException {
      OpenInode file = OpenInode.open(live, live.names().resolve(path, true), true, true);
      writer = Thread.ofPlatform().daemon().unstarted(() -> writeBack(file));
      medium.gate(this::hold);
      writer.start();
      reached.join();
      Thread.ofPlatform().daemon().start(this::release);
    }

    private void hold(Io io) {
      if (Thread.currentThread() == writer) {
        reached.complete(null);
        goOn.join();
      }
    }

    private void writeBack(OpenInode file) {
      try {
        file.advise(0, 0, OpenInode.Advice.DONT_NEED);
        file.close();
      } catch (FsException e) {
        throw new IllegalStateException(e);
      } finally {
        reached.complete(null);
      }
    }

    /** Once somebody waits for a page, which he does not if that wait was left out. */
    private void release() {
      while (!goOn.isDone() && !waitsForPage(client) && !waitsForPage(clock.flusher())) {
        Thread.onSpinWait();
      }
      goOn.complete(null);
    }

    private static boolean waitsForPage(@Nullable Thread thread) {
      return thread != null
          && thread.getState() == Thread.State.WAITING
          && Arrays.stream(thread.getStackTrace())
              .anyMatch(frame -> frame.getClassName().endsWith(".SlotWaits"));
    }

    void end() {
      goOn.complete(null);
      medium.gate(io -> {});
      while (writer.isAlive()) {
        Thread.onSpinWait();
      }
    }
  }
}
