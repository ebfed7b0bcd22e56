package io.faultline.engine.pagecache;

import io.faultline.engine.extent.Extent;
import java.io.IOException;

/** What the page cache needs to know of the file behind a mapping. */
public interface Backing {
  /** The mapping of file block {@code block} on to the end of its extent or hole. */
  Extent lookup(long block);

  /** Takes a reservation of one block; false if the volume is full (rule R20). */
  boolean reserve();

  /**
   * Keeps the file in use while pages may be created for it.
   *
   * @throws IOException if nobody has it open any more
   */
  void pin(String operation) throws IOException;

  /** Ends {@link #pin}; the caller holds no lock. */
  void unpin() throws IOException;

  /** Gives one reservation back: its page was discarded, or its block is mapped already. */
  void unreserve();
}
