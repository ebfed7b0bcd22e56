package io.faultline.engine.writeback;

import io.faultline.engine.device.Io;
import java.io.IOException;
import java.util.List;

/**
 * The image as writeback uses it: start writes, wait for them, and have them counted as written.
 */
public interface ImageWriter {
  /** Starts all of {@code writes}; the last may have ended on return, on this thread. */
  void submit(List<Io> writes);

  /** Waits for a submitted write; from then on a flush covers it. */
  void await(Io write) throws IOException;
}
