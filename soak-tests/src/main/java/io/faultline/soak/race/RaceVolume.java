package io.faultline.soak.race;

import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.device.CrashChoice;
import io.faultline.engine.device.MemoryJournalStore;
import io.faultline.engine.device.RecordingDevice;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.namespace.Namespace;
import io.faultline.engine.namespace.StateLocks;
import io.faultline.engine.runtime.Invariant;
import io.faultline.engine.runtime.sim.SimRuntime;
import io.faultline.engine.volume.Fsck;
import io.faultline.engine.volume.LiveVolume;
import io.faultline.engine.volume.OpenInode;
import io.faultline.persistence.journal.JournalConfig;
import io.faultline.persistence.journal.VolumeLog;
import io.faultline.persistence.journal.VolumeSystem;
import io.faultline.persistence.replay.JournalReader;
import io.faultline.persistence.replay.VolumeReplay;
import io.faultline.persistence.segment.SegmentLog;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/**
 * The whole engine inside one simulated run: volume, page cache, actors, committer, journal plugin,
 * segments and recovery are the real ones; only the device and the journal's files lie in memory.
 * Opened, used and closed by tasks of the run.
 */
public final class RaceVolume implements AutoCloseable {
  /** Bytes of a page and of a block. */
  public static final int PAGE = LiveVolume.BLOCK_BYTES;

  /** The same in every run, so that the same schedule writes the same journal bytes. */
  private static final UUID ID = new UUID(0x4641554c544c4e45L, 1);

  private final RaceSetup setup;
  private final SimRuntime runtime;
  private final BlockDevice device;
  private final MemoryJournalStore journal;
  private final VolumeLog log;
  private final LiveVolume volume;
  private final long epoch;

  /** Nothing is left to close. */
  private boolean cut;

  private RaceVolume(
      RaceSetup setup,
      SimRuntime runtime,
      BlockDevice device,
      MemoryJournalStore journal,
      long epoch)
      throws IOException {
    this.setup = setup;
    this.runtime = runtime;
    this.device = device;
    this.journal = journal;
    this.epoch = epoch;
    VolumeIdentity identity = new VolumeIdentity(ID, epoch);
    VolumeLog.Recovered recovered =
        system().recover(runtime, identity, journal, JournalConfig.PLUGIN_ID);
    this.log = recovered.log();
    InodeTable table = recovered.table();
    this.volume =
        new LiveVolume(
            runtime,
            device,
            table,
            log,
            epoch,
            recovered.lastLsn(),
            new LiveVolume.Config(
                setup.blocks(),
                setup.frames(),
                setup.guard(),
                setup.policy(),
                setup.commitNanos(),
                false),
            system().routing("race", runtime));
    if (table.get(InodeTable.ROOT) == null) {
      try (StateLocks _ = volume.lockStates(InodeTable.ROOT)) {
        volume.publish(Namespace.rootEvents(runtime.wallNanos()));
      }
    }
  }

  /**
   * The JVM's actor system. To be called once outside any run before the first one: a system cannot
   * start inside a run.
   */
  static VolumeSystem system() {
    return VolumeSystem.shared();
  }

  /** A new volume. */
  static RaceVolume create(RaceSetup setup, SimRuntime runtime) throws IOException {
    MemoryJournalStore journal = new MemoryJournalStore();
    SegmentLog.create(journal, new VolumeIdentity(ID, 1));
    long sizeBytes = setup.blocks() * PAGE;
    return new RaceVolume(setup, runtime, setup.devices().make(runtime, sizeBytes), journal, 1);
  }

  /**
   * What an open finds after a power cut at this moment that took along whatever was not flushed.
   * This volume is gone: its tasks are left where they stand. Its device has to be one of {@link
   * RaceSetup#RECORDED}.
   */
  public RaceVolume afterPowerCut() throws IOException {
    return after(remains(0));
  }

  /**
   * What a power cut leaves.
   *
   * @param image what became of the blocks
   * @param journal its files, with nothing that was not synced unless chosen otherwise
   */
  public record Remains(BlockDevice image, MemoryJournalStore journal) {}

  /**
   * What a power cut at this moment would leave; the volume goes on, so that a cut can fall into
   * the middle of a run. No yield point. Its device has to be a {@link RecordingDevice}.
   *
   * @param seed decides what of the unflushed is kept, dropped or torn; 0: all of it is dropped
   */
  public Remains remains(long seed) {
    return seed == 0
        ? remains(CrashChoice.dropAll())
        : new Remains(
            ((RecordingDevice) device).crashImage(CrashChoice.seeded(seed)), journal.crash(seed));
  }

  /** The same where {@code writes} says what became of image writes that were not flushed. */
  Remains remains(CrashChoice writes) {
    return new Remains(((RecordingDevice) device).crashImage(writes), journal.crash());
  }

  /** What an open finds of {@code remains}. This volume is gone, as in {@link #afterPowerCut}. */
  RaceVolume after(Remains remains) throws IOException {
    cut = true;
    log.abandon();
    return opened(remains);
  }

  /** Opens what a power cut left. This volume must have been closed, or be gone. */
  public RaceVolume opened(Remains remains) throws IOException {
    return new RaceVolume(setup, runtime, remains.image(), remains.journal(), epoch + 1);
  }

  /** Whose journal it is, for those who read its records. */
  VolumeIdentity identity() {
    return new VolumeIdentity(ID, epoch);
  }

  /** What the journal's files say that was durable, folded by the engine's own apply. */
  public InodeTable replayed() throws IOException {
    try (JournalReader reader =
        JournalReader.over(journal.crash(), identity(), 1, Long.MAX_VALUE)) {
      return VolumeReplay.toTable(reader, Long.MAX_VALUE);
    }
  }

  /** The volume. */
  public LiveVolume live() {
    return volume;
  }

  /** Its journal's files. */
  public MemoryJournalStore journal() {
    return journal;
  }

  /** The runtime of the run. */
  public SimRuntime runtime() {
    return runtime;
  }

  /** What it was made from. */
  public RaceSetup setup() {
    return setup;
  }

  /** Opens {@code path} for reading and writing; makes it if need be. */
  public OpenInode file(String path) throws FsException {
    return OpenInode.open(volume, volume.names().create(path, 0644, false).ino(), true, true);
  }

  /** The file's evented state at this moment. */
  public Inode.RegularFile inode(OpenInode file) {
    return file.vnode().inode();
  }

  /** Writes all of {@code bytes}. */
  public static void write(OpenInode file, long position, byte[] bytes) throws FsException {
    int n = file.write(ByteBuffer.wrap(bytes), position);
    if (n != bytes.length) {
      throw new IllegalStateException("wrote " + n + " of " + bytes.length + " bytes");
    }
  }

  /** Reads at most {@code length} bytes. */
  public static byte[] read(OpenInode file, long position, int length) throws FsException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    int n = file.read(buffer, position);
    return Arrays.copyOf(buffer.array(), n);
  }

  /** {@code length} bytes of {@code c}. */
  public static byte[] bytes(char c, int length) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) c);
    return bytes;
  }

  /** A page of {@code c}. */
  public static byte[] page(char c) {
    return bytes(c, PAGE);
  }

  /** Runs of equal bytes as text: {@code "96*S 4000*0"}; a zero byte is shown as 0. */
  public static String runs(byte[] bytes) {
    StringBuilder text = new StringBuilder();
    for (int from = 0; from < bytes.length; ) {
      int to = from;
      while (to < bytes.length && bytes[to] == bytes[from]) {
        to++;
      }
      text.append(text.isEmpty() ? "" : " ").append(to - from).append('*');
      text.append(bytes[from] == 0 ? '0' : (char) bytes[from]);
      from = to;
    }
    return text.toString();
  }

  /**
   * Fails if anything in the volume's state or accounting is wrong; at rest only. Asks for nothing
   * where checks are silenced, because no user sees what it finds.
   */
  public void requireSound() {
    if (Invariant.silenced()) {
      return;
    }
    List<Fsck.Finding> findings = Fsck.check(volume).findings();
    if (!findings.isEmpty()) {
      Fsck.Finding first = findings.getFirst();
      throw new RaceViolation(
          "fsck-" + first.kind(), first.ino(), first.offset(), first.text(), "a sound volume");
    }
  }

  /** After the run, whether it failed or not: what outlives its tasks goes. Does not wait. */
  void abandon() {
    log.abandon();
  }

  @Override
  public void close() throws FsException {
    if (cut) {
      return;
    }
    cut = true;
    volume.close();
    log.close();
  }
}
