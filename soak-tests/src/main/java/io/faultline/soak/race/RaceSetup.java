package io.faultline.soak.race;

import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.device.MemoryDevice;
import io.faultline.engine.device.RecordingDevice;
import io.faultline.engine.extent.BlockAllocator;
import io.faultline.engine.lock.Guard;
import io.faultline.engine.runtime.sim.SimRuntime;
import java.util.concurrent.TimeUnit;

/**
 * A scenario's volume.
 *
 * @param blocks of 4096 bytes on its device
 * @param frames of its page cache
 * @param guard what keeps fills from destroyers
 * @param policy which free block goes next
 * @param commitNanos between commits nobody asked for, in virtual time
 * @param devices makes its device
 */
public record RaceSetup(
    long blocks,
    int frames,
    Guard guard,
    BlockAllocator.Policy policy,
    long commitNanos,
    Devices devices) {
  /** Makes the device of one run. */
  @FunctionalInterface
  public interface Devices {
    /** A device of {@code sizeBytes}, empty. */
    BlockDevice make(SimRuntime runtime, long sizeBytes);
  }

  /**
   * Small, guarded, blocks reused at once, nothing committed unasked, the device completes inline:
   * the fewest choice points, and a freed block shows what was done to it.
   */
  public static final RaceSetup SMALL =
      new RaceSetup(
          1_024,
          256,
          Guard.MAPPING_LOCK,
          BlockAllocator.Policy.REUSE_LAST_FREED,
          TimeUnit.HOURS.toNanos(1),
          (runtime, sizeBytes) -> new MemoryDevice(sizeBytes));

  /** The same on a device that knows what a power cut would leave of it. */
  public static final RaceSetup RECORDED =
      SMALL.onDevice(
          (runtime, sizeBytes) -> RecordingDevice.overEmpty(new MemoryDevice(sizeBytes)));

  /** The same under another guard. */
  public RaceSetup withGuard(Guard other) {
    return new RaceSetup(blocks, frames, other, policy, commitNanos, devices);
  }

  /** The same on another device. */
  public RaceSetup onDevice(Devices other) {
    return new RaceSetup(blocks, frames, guard, policy, commitNanos, other);
  }
}
