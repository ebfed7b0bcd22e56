package io.faultline.engine.runtime;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The newest records of a stream, in memory outside the heap: the bound is fixed, the oldest are
 * overwritten. A record is eight words, 64 bytes, of which the first is its number:
 *
 * <pre>
 *   0      number   1 for the first record; 0 means never written
 *   1..7   the writer's
 * </pre>
 *
 * Thread-safe: a record costs one atomic add and nine stores. A record that is overwritten while it
 * is being copied is left out, unless a writer was overtaken by a whole lap: what such a writer
 * still stores may spoil the newer record in its place. The ring must be much larger than what is
 * written while a thread is not running.
 */
public final class RecordRing {
  /** Bytes of a record. */
  public static final int RECORD_BYTES = 64;

  private static final int WORDS = RECORD_BYTES / Long.BYTES;
  private static final VarHandle NUMBER = ValueLayout.JAVA_LONG.varHandle();

  private final MemorySegment ring;
  private final long records;
  private final AtomicLong taken = new AtomicLong();

  /**
   * An empty ring.
   *
   * @param bytes whole records, at least one
   */
  public RecordRing(long bytes) {
    Check.that(bytes >= RECORD_BYTES && bytes % RECORD_BYTES == 0, "%s bytes are no ring", bytes);
    ring = Arena.ofAuto().allocate(bytes, RECORD_BYTES);
    records = bytes / RECORD_BYTES;
  }

  /** Appends a record of these words. */
  public void add(long w1, long w2, long w3, long w4, long w5, long w6, long w7) {
    long number = taken.getAndIncrement() + 1;
    long at = (number - 1) % records * RECORD_BYTES;
    NUMBER.setVolatile(ring, at, 0L);
    // The plain stores below must not be seen before the 0.
    VarHandle.storeStoreFence();
    ring.set(ValueLayout.JAVA_LONG, at + 8, w1);
    ring.set(ValueLayout.JAVA_LONG, at + 16, w2);
    ring.set(ValueLayout.JAVA_LONG, at + 24, w3);
    ring.set(ValueLayout.JAVA_LONG, at + 32, w4);
    ring.set(ValueLayout.JAVA_LONG, at + 40, w5);
    ring.set(ValueLayout.JAVA_LONG, at + 48, w6);
    ring.set(ValueLayout.JAVA_LONG, at + 56, w7);
    NUMBER.setRelease(ring, at, number);
  }

  /** How many records there were, overwritten ones included: the number of the newest. */
  public long taken() {
    return taken.get();
  }

  /** The number of the oldest record that may still be there when {@code newest} was the newest. */
  public long oldest(long newest) {
    return Math.max(1, newest - records + 1);
  }

  /**
   * Copies one record.
   *
   * @param number of the record
   * @param into eight words, number first
   * @return false if it was never written, or is not there any more
   */
  public boolean copy(long number, long[] into) {
    long at = (number - 1) % records * RECORD_BYTES;
    if ((long) NUMBER.getAcquire(ring, at) != number) {
      return false;
    }
    MemorySegment.copy(ring, ValueLayout.JAVA_LONG, at, into, 0, WORDS);
    VarHandle.loadLoadFence();
    return (long) NUMBER.getVolatile(ring, at) == number;
  }
}
