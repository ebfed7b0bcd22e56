package io.faultline.engine.races;

import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.device.DeviceCapabilities;
import io.faultline.engine.device.Io;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Keeps requests for several pages, which only writeback and readahead make, until it is told to
 * let them go.
 */
final class HeldRuns implements BlockDevice {
  /** Frames that fills and writes leave to destroyers. */
  static final int RESERVED_FRAMES = 16;

  private final BlockDevice delegate;
  private final List<Io> held = new ArrayList<>();
  private boolean holding;

  HeldRuns(BlockDevice delegate) {
    this.delegate = delegate;
  }

  void hold() {
    holding = true;
  }

  void release() {
    holding = false;
    held.forEach(delegate::submit);
    held.clear();
  }

  @Override
  public void submit(Io io) {
    if (holding && io.pieces() > 1) {
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
