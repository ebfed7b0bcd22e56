package io.faultline.engine.races;

import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.device.DeviceCapabilities;
import io.faultline.engine.device.Io;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Keeps flushes until it is told to let them go, as a slow device does. */
final class HeldFlush implements BlockDevice {
  private final BlockDevice delegate;
  private final List<Io> held = new ArrayList<>();
  private boolean holding;

  HeldFlush(BlockDevice delegate) {
    this.delegate = delegate;
  }

  void hold() {
    holding = true;
  }

  /** Whether somebody waits for a flush. */
  boolean holds() {
    return !held.isEmpty();
  }

  void release() {
    holding = false;
    held.forEach(delegate::submit);
    held.clear();
  }

  @Override
  public void submit(Io io) {
    if (holding && io.op() == Io.Op.FLUSH) {
      held.add(io);
    } else {
      delegate.submit(io);
    }
  }

  @Override
  public long sizeBytes() {
    return delegate.sizeBytes();
  }

  @Override
  public DeviceCapabilities capabilities() {
    return delegate.capabilities();
  }

  @Override
  public void close() throws IOException {
    delegate.close();
  }
}
