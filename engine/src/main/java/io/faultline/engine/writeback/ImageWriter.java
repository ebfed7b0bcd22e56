package io.faultline.engine.writeback;

import io.faultline.engine.device.Io;
import java.io.IOException;

/**
 * The image as writeback uses it: start writes, wait for them, and have them counted as written.
 */
public interface ImageWriter {
  void submit(Io write);

  /** Waits for a submitted write; from then on a flush covers it. */
  void await(Io write) throws IOException;
}
