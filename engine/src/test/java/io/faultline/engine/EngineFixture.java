package io.faultline.engine;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.SpawnProtocol;
import io.faultline.engine.actor.ActorRouter;
import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.device.MemoryDevice;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.extent.BlockAllocator;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.lock.Guard;
import io.faultline.engine.namespace.Namespace;
import io.faultline.engine.namespace.StateLocks;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.runtime.akka.EngineActorSystems;
import io.faultline.engine.volume.Fsck;
import io.faultline.engine.volume.LiveVolume;
import io.faultline.engine.volume.OpenInode;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * The whole engine on a device and a log in memory: real volume, real page cache, real actors. One
 * actor system serves all volumes of a JVM, simulated or not.
 */
public final class EngineFixture implements AutoCloseable {
  /** Bytes of a page. */
  public static final int PAGE = LiveVolume.BLOCK_BYTES;

  /** A volume's parameters. */
  public record Setup(
      long blocks, int frames, Guard guard, BlockAllocator.Policy policy, long commitNanos) {
    /** Small, guarded, blocks reused at once, nothing committed unasked. */
    public static final Setup SMALL =
        new Setup(
            4_096,
            256,
            Guard.MAPPING_LOCK,
            BlockAllocator.Policy.REUSE_LAST_FREED,
            TimeUnit.HOURS.toNanos(1));

    public Setup withGuard(Guard other) {
      return new Setup(blocks, frames, other, policy, commitNanos);
    }

    public Setup withBlocks(long other) {
      return new Setup(other, frames, guard, policy, commitNanos);
    }

    public Setup withFrames(int other) {
      return new Setup(blocks, other, guard, policy, commitNanos);
    }
  }

  private static final class Shared {
    static final ActorSystem<SpawnProtocol.Command> SYSTEM =
        EngineActorSystems.create("engine-tests", SpawnProtocol.create());
  }

  private final LiveVolume volume;
  private final MemoryLog log;
  private final EngineRuntime runtime;
  private final Setup setup;

  private EngineFixture(EngineRuntime runtime, BlockDevice device, MemoryLog log, Setup setup)
      throws FsException {
    this.log = log;
    this.runtime = runtime;
    this.setup = setup;
    InodeTable table = log.replay();
    this.volume =
        new LiveVolume(
            runtime,
            device,
            table,
            log,
            1,
            log.lastLsn(),
            new LiveVolume.Config(
                setup.blocks(),
                setup.frames(),
                setup.guard(),
                setup.policy(),
                setup.commitNanos(),
                false),
            operations -> ActorRouter.start(system(), "volume", runtime, operations));
    if (table.get(InodeTable.ROOT) == null) {
      try (StateLocks _ = volume.lockStates(InodeTable.ROOT)) {
        volume.publish(Namespace.rootEvents(runtime.wallNanos()));
      }
    }
  }

  /** The JVM's actor system; in simulation to be made before a run begins. */
  public static ActorSystem<SpawnProtocol.Command> system() {
    return Shared.SYSTEM;
  }

  /** A new volume on real threads, its device in memory. */
  public static EngineFixture open(Setup setup) throws FsException {
    return open(setup, new MemoryDevice(setup.blocks() * PAGE));
  }

  /** A new volume on real threads. */
  public static EngineFixture open(Setup setup, BlockDevice device) throws FsException {
    return open(setup, device, EngineRuntime.production());
  }

  /** A new volume. */
  public static EngineFixture open(Setup setup, BlockDevice device, EngineRuntime runtime)
      throws FsException {
    return new EngineFixture(runtime, device, new MemoryLog(), setup);
  }

  /** What an open after a crash finds: what is durable in the log now, and {@code device}. */
  public EngineFixture afterCrash(BlockDevice device) throws FsException {
    return new EngineFixture(runtime, device, MemoryLog.of(log.durable()), setup);
  }

  public LiveVolume volume() {
    return volume;
  }

  public MemoryLog log() {
    return log;
  }

  /** Opens {@code path} for reading and writing; makes it if need be. */
  public OpenInode file(String path) throws FsException {
    return OpenInode.open(volume, volume.names().create(path, 0644, false).ino(), true, true);
  }

  /** The file as a crash at this moment would leave it. */
  public Inode.RegularFile durable(OpenInode file) {
    Inode inode = log.replay().get(file.vnode().ino());
    if (inode instanceof Inode.RegularFile found) {
      return found;
    }
    throw new AssertionError("inode " + file.vnode().ino() + " is durably " + inode);
  }

  /** Writes all of {@code bytes}. */
  public static void write(OpenInode file, long position, byte[] bytes) throws FsException {
    assertThat(file.write(ByteBuffer.wrap(bytes), position)).isEqualTo(bytes.length);
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

  /** Fails if anything in the volume's state or accounting is wrong; at rest only. */
  public void requireSound() {
    assertThat(Fsck.check(volume).findings()).isEmpty();
  }

  @Override
  public void close() throws FsException {
    volume.close();
  }
}
