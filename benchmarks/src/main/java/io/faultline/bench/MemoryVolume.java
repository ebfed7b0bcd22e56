package io.faultline.bench;

import io.faultline.VolumeOptions;
import io.faultline.engine.device.CountingDevice;
import io.faultline.engine.device.MemoryDevice;
import io.faultline.engine.device.SlowDevice;
import io.faultline.engine.extent.BlockAllocator;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.lock.Guard;
import io.faultline.engine.namespace.Namespace;
import io.faultline.engine.namespace.StateLocks;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.volume.LiveVolume;
import io.faultline.engine.volume.OpenInode;
import io.faultline.persistence.journal.VolumeLog;
import io.faultline.persistence.journal.VolumeSystem;
import io.faultline.persistence.segment.SegmentLog;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.IOException;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** The whole engine, actors and journal plugin included, over memory in which a sync takes time. */
final class MemoryVolume implements AutoCloseable {
  private static final UUID ID = new UUID(0xBE7C, 1);
  private static final long BLOCKS = 1 << 14;

  final SlowStore store;
  final CountingDevice image;
  private final VolumeLog files;
  private final CountingLog log;
  private final LiveVolume volume;

  private MemoryVolume(SlowStore store, long syncNanos, VolumeIdentity identity)
      throws IOException {
    EngineRuntime runtime = EngineRuntime.production();
    this.store = store;
    this.image =
        new CountingDevice(
            new SlowDevice(
                new MemoryDevice(BLOCKS * LiveVolume.BLOCK_BYTES),
                runtime,
                new SlowDevice.Latency(0, 0, syncNanos)));
    VolumeLog.Recovered recovered =
        VolumeSystem.shared().recover(runtime, identity, store, VolumeOptions.OWN_JOURNAL);
    this.files = recovered.log();
    this.log = new CountingLog(files);
    this.volume =
        new LiveVolume(
            runtime,
            image,
            recovered.table(),
            log,
            identity.epoch(),
            recovered.lastLsn(),
            new LiveVolume.Config(
                BLOCKS,
                1 << 10,
                Guard.MAPPING_LOCK,
                BlockAllocator.Policy.NEXT_FIT,
                TimeUnit.SECONDS.toNanos(5),
                false),
            VolumeSystem.shared().routing("bench-" + identity.epoch(), runtime));
    if (recovered.table().get(InodeTable.ROOT) == null) {
      try (StateLocks _ = volume.lockStates(InodeTable.ROOT)) {
        volume.publish(Namespace.rootEvents(runtime.wallNanos()));
      }
      volume.sync();
    }
  }

  /** A new volume whose journal and image take {@code syncNanos} for a sync. */
  static MemoryVolume create(long syncNanos) throws IOException {
    SlowStore store = new SlowStore(syncNanos);
    VolumeIdentity identity = new VolumeIdentity(ID, 1);
    SegmentLog.create(store, identity);
    return new MemoryVolume(store, syncNanos, identity);
  }

  /** This volume, which must be closed, opened again. */
  MemoryVolume reopen(int epoch) throws IOException {
    return new MemoryVolume(store, 0, identity(epoch));
  }

  VolumeIdentity identity(int epoch) {
    return new VolumeIdentity(ID, epoch);
  }

  /** Commits so far. */
  long commits() {
    return log.commits.sum();
  }

  /** Events in those commits. */
  long events() {
    return log.events.sum();
  }

  void mkdir(String path) throws IOException {
    volume.names().mkdir(path, 0755);
  }

  void create(String path) throws IOException {
    volume.names().create(path, 0644, true);
  }

  void rename(String from, String to) throws IOException {
    volume.names().rename(from, to);
  }

  void createAndSync(String path) throws IOException {
    long ino = volume.names().create(path, 0644, true).ino();
    OpenInode file = OpenInode.open(volume, ino, true, true);
    try {
      file.sync(true);
    } finally {
      file.close();
    }
  }

  boolean has(String path) {
    try {
      return volume.names().resolve(path, false) > 0;
    } catch (IOException missing) {
      return false;
    }
  }

  void sync() throws IOException {
    volume.sync();
  }

  @Override
  public void close() throws IOException {
    volume.close();
    files.close();
  }
}
