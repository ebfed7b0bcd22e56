package io.faultline.bench;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Buffers for threads beside each other. */
final class Buffers {
  private static final int DECOYS = 64;

  // Held for good, or the collector would close the gaps.
  private static final List<ByteBuffer[]> KEPT = new ArrayList<>();

  private Buffers() {}

  /**
   * A buffer as {@link Pages#buffer}. The position is a field of the buffer object, written at
   * every read: two such objects on one cache line make two readers four times slower. So each lies
   * in the middle of others that nobody uses.
   */
  static synchronized ByteBuffer apart(int bytes) {
    ByteBuffer[] all = new ByteBuffer[2 * DECOYS + 1];
    ByteBuffer one = Pages.buffer(bytes);
    for (int i = 0; i < all.length; i++) {
      all[i] = one.duplicate().order(ByteOrder.nativeOrder());
    }
    KEPT.add(all);
    return all[DECOYS];
  }
}
