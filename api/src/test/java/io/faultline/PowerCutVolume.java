package io.faultline;

import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.device.CrashChoice;
import io.faultline.engine.device.DeviceCapabilities;
import io.faultline.engine.device.Io;
import io.faultline.engine.device.MemoryDevice;
import io.faultline.engine.device.MemoryJournalStore;
import io.faultline.engine.device.RecordingDevice;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.persistence.segment.SegmentLog;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.IOException;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * A volume on media that lose what was not flushed or synced when the power goes. Its clock stands
 * still, so that writes that happen within one tick of a real one are the rule and not the
 * exception.
 */
final class PowerCutVolume implements AutoCloseable {
  /** A commit interval that never ends: the background does nothing unasked. */
  static final VolumeOptions OPTIONS =
      VolumeOptions.defaults()
          .cacheSize(VolumeOptions.CACHE_BYTES_MIN)
          .commitInterval(VolumeOptions.COMMIT_INTERVAL_MAX)
          .reuseFreedFirst(true);

  /** What a crash left of the two media. */
  record Remains(MemoryDevice image, MemoryJournalStore journal, VolumeIdentity identity) {
    /** Recovers. The volume that crashed must be closed: one journal has one owner in a JVM. */
    JournaledVolume open() throws IOException {
      return VolumeOpener.open(
          EngineRuntime.production(), image, journal, () -> {}, OPTIONS, identity);
    }

    /** The same media for the next opening. */
    Remains again() {
      return new Remains(
          image.copy(), journal, new VolumeIdentity(identity.id(), identity.epoch() + 1));
    }
  }

  /** A few records: some fill zeros, some run over them. */
  private static final int ZEROS_AHEAD_BYTES = 1_000;

  private final VolumeIdentity identity = new VolumeIdentity(UUID.randomUUID(), 1);
  private final RecordingDevice recording;
  private final MemoryJournalStore journal = new MemoryJournalStore(ZEROS_AHEAD_BYTES);
  private volatile Consumer<Io> watcher = io -> {};
  private final JournaledVolume volume;

  PowerCutVolume(long sizeBytes) throws IOException {
    this(sizeBytes, below -> below);
  }

  /**
   * @param above puts devices of its own on the medium
   */
  PowerCutVolume(long sizeBytes, UnaryOperator<BlockDevice> above) throws IOException {
    this(sizeBytes, OPTIONS.cacheSizeBytes(), above);
  }

  PowerCutVolume(long sizeBytes, long cacheBytes, UnaryOperator<BlockDevice> above)
      throws IOException {
    recording = new RecordingDevice(new MemoryDevice(sizeBytes));
    SegmentLog.create(journal, identity);
    volume =
        VolumeOpener.open(
            new FrozenClock(),
            above.apply(new Watched()),
            journal,
            () -> {},
            OPTIONS.cacheSize(cacheBytes),
            identity);
  }

  JournaledVolume volume() {
    return volume;
  }

  MemoryJournalStore journal() {
    return journal;
  }

  RecordingDevice recording() {
    return recording;
  }

  /** Sees every request before the device does, on the submitter's thread. */
  void watch(Consumer<Io> watcher) {
    this.watcher = watcher;
  }

  /** What is left if the power goes now and nothing unflushed survives. */
  Remains remains() {
    return new Remains(recording.crashImage(CrashChoice.dropAll()), journal.crash(), next());
  }

  /** What is left if some of what was not flushed survives, chosen by {@code seed}. */
  Remains remains(long seed) {
    CrashChoice choice = seed % 2 == 0 ? CrashChoice.keepAll() : CrashChoice.seeded(seed);
    return new Remains(recording.crashImage(choice), journal.crash(seed), next());
  }

  private VolumeIdentity next() {
    return new VolumeIdentity(identity.id(), identity.epoch() + 1);
  }

  @Override
  public void close() throws IOException {
    watcher = io -> {};
    volume.close();
  }

  private final class Watched implements BlockDevice {
    @Override
    public long sizeBytes() {
      return recording.sizeBytes();
    }

    @Override
    public DeviceCapabilities capabilities() {
      return recording.capabilities();
    }

    @Override
    public void submit(Io io) {
      watcher.accept(io);
      recording.submit(io);
    }

    @Override
    public void close() throws IOException {
      recording.close();
    }
  }

  /** The JVM's threads and timers; a wall clock that stands still. */
  private static final class FrozenClock implements EngineRuntime {
    private final EngineRuntime real = EngineRuntime.production();

    @Override
    public long nanoTime() {
      return real.nanoTime();
    }

    @Override
    public long wallNanos() {
      return 1_000_000_000_000_000_000L;
    }

    @Override
    public void fork(String name, Runnable body) {
      real.fork(name, body);
    }

    @Override
    public void forkPlatform(String name, Runnable body) {
      real.forkPlatform(name, body);
    }

    @Override
    public Timer schedule(long delayNanos, Runnable callback) {
      return real.schedule(delayNanos, callback);
    }

    @Override
    public boolean simulated() {
      return false;
    }
  }
}
