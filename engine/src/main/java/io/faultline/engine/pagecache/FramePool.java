package io.faultline.engine.pagecache;

import static java.util.Objects.requireNonNull;

import io.faultline.engine.device.HostMemory;
import io.faultline.engine.pagecache.PageTable.Leaf;
import io.faultline.engine.runtime.Yield;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The frames of a volume: one off-heap segment, page-sized pieces by number. Frame 0 is never
 * handed out and stays zero: it backs the reads of holes.
 *
 * <p>Thread-safe; the free list is a Treiber stack whose head carries a count against ABA.
 */
final class FramePool implements AutoCloseable {
  static final int PAGE_SHIFT = 12;
  static final int PAGE_BYTES = 1 << PAGE_SHIFT;

  /** Frames of one view: 1 GiB, since a buffer's index is an int. */
  private static final int VIEW_SHIFT = 18;

  private final Memory held;
  private final MemorySegment memory;

  /**
   * The same memory as buffers: copying from one to a caller's buffer needs no segment around his,
   * which a cached read would otherwise allocate (72 bytes each, where the JIT does not remove it).
   */
  private final ByteBuffer[] views;

  private final int frames;

  /** What {@link FrameWord} says; of a free frame the next free one. */
  private final int[] words;

  /** Upper half a count, lower half the first free frame (0: none). */
  private final AtomicLong head = new AtomicLong();

  private final AtomicInteger free = new AtomicInteger();

  /**
   * Where the slot is that has a frame, beside the index in its word; written before the slot is
   * published, read as a hint by the evictor. A free frame holds no leaf in memory.
   */
  private final @Nullable Leaf[] leaves;

  /** The lower eight bits of the slot's index. */
  private final byte[] indexes;

  /** The last frame that was ever handed out; in simulation only. */
  private int highest;

  @SuppressWarnings("MustBeClosedChecker") // close() closes it
  FramePool(int frames) {
    this.frames = frames;
    this.held = Yield.SIMULATION ? Memory.kept(frames) : new Memory(frames, Arena.ofShared());
    this.memory = held.segment;
    this.views = held.views;
    this.words = new int[frames + 1];
    this.leaves = new @Nullable Leaf[frames + 1];
    this.indexes = new byte[frames + 1];
    for (int f = 1; f < frames; f++) {
      words[f] = FrameWord.free(f + 1);
    }
    head.set(1);
    free.set(frames);
  }

  /** What the frames of one size of pool lie in. */
  private static final class Memory {
    /**
     * A simulation makes thousands of pools a second, one at a time: their memory is given from one
     * to the next, as zeroed as it was when it was new. Touched by the scheduler's thread only.
     */
    private static final ArrayDeque<Memory> KEPT = new ArrayDeque<>();

    private final int frames;
    private final Arena arena;
    private final MemorySegment segment;
    private final ByteBuffer[] views;

    Memory(int frames, Arena arena) {
      this.frames = frames;
      this.arena = arena;
      this.segment = HostMemory.allocate((long) (frames + 1) << PAGE_SHIFT, arena);
      this.views = new ByteBuffer[(frames >>> VIEW_SHIFT) + 1];
      for (int v = 0; v < views.length; v++) {
        long from = offset(v << VIEW_SHIFT);
        long bytes = Math.min(1L << (VIEW_SHIFT + PAGE_SHIFT), segment.byteSize() - from);
        views[v] = segment.asSlice(from, bytes).asByteBuffer();
      }
    }

    static Memory kept(int frames) {
      Memory last = KEPT.poll();
      // Not closed by a run that failed: then the collector frees it.
      return last != null && last.frames == frames ? last : new Memory(frames, Arena.ofAuto());
    }

    void close(int framesUsed) {
      if (Yield.SIMULATION) {
        segment.asSlice(0, offset(framesUsed + 1)).fill((byte) 0);
        if (KEPT.isEmpty()) {
          KEPT.add(this);
        }
      } else {
        arena.close();
      }
    }
  }

  /** By frame, for {@link EvictionPolicy}. */
  int[] words() {
    return words;
  }

  MemorySegment memory() {
    return memory;
  }

  /** Copies {@code length} bytes of {@code frame} from {@code offset} to {@code to}'s index. */
  void copyOut(int frame, int offset, ByteBuffer to, int toIndex, int length) {
    int inView = frame & ((1 << VIEW_SHIFT) - 1);
    to.put(toIndex, views[frame >>> VIEW_SHIFT], (inView << PAGE_SHIFT) + offset, length);
  }

  static long offset(int frame) {
    return (long) frame << PAGE_SHIFT;
  }

  int frames() {
    return frames;
  }

  int free() {
    return free.get();
  }

  /**
   * Takes up to {@code max} frames, and leaves {@code keep}: those given back last, in the order in
   * which they were given, so that frames which lay side by side in a file do so in the next.
   *
   * @param out receives them from index {@code at} on
   * @return how many
   */
  int poll(int[] out, int at, int max, int keep) {
    // Counted first: of all who see the last frames, only as many go on as there are.
    for (; ; ) {
      int known = free.get();
      int taken = Math.min(max, known - keep);
      if (taken <= 0) {
        return 0;
      }
      if (free.compareAndSet(known, known - taken)) {
        pop(out, at, taken);
        return taken;
      }
    }
  }

  private void pop(int[] out, int at, int count) {
    for (; ; ) {
      long h = head.get();
      int frame = (int) h;
      int popped = 0;
      // Whatever others change meanwhile moves the count in the head, and this begins again; the
      // word of a frame that is no longer free may name one that does not exist.
      while (popped < count && frame != 0 && frame <= frames) {
        out[at + popped++] = frame;
        frame = FrameWord.nextFree(words[frame]);
      }
      if (popped == count && head.compareAndSet(h, (((h >>> 32) + 1) << 32) | frame)) {
        if (Yield.SIMULATION) {
          for (int k = at; k < at + count; k++) {
            highest = Math.max(highest, out[k]);
          }
        }
        return;
      }
    }
  }

  /** Gives back {@code frames[from, to)}, the first of which is taken first. */
  void give(int[] frames, int from, int to) {
    if (from == to) {
      return;
    }
    for (int k = from; k < to; k++) {
      if (FrameWord.state(words[frames[k]]) != 0) {
        throw new IllegalStateException("frame " + frames[k] + " is queued");
      }
      leaves[frames[k]] = null;
      words[frames[k]] = FrameWord.free(k + 1 < to ? frames[k + 1] : 0);
    }
    for (; ; ) {
      long h = head.get();
      words[frames[to - 1]] = FrameWord.free((int) h);
      if (head.compareAndSet(h, (((h >>> 32) + 1) << 32) | frames[from])) {
        free.addAndGet(to - from);
        return;
      }
    }
  }

  /** {@code frame}, which nobody else has, goes into slot {@code index} of {@code leaf}. */
  void own(int frame, Leaf leaf, int index) {
    leaves[frame] = leaf;
    indexes[frame] = (byte) index;
    words[frame] = FrameWord.owned(index >>> Byte.SIZE);
  }

  /** Whose slot has {@code frame}, or had it a moment ago; null if it is free, or just taken. */
  @Nullable Leaf leafOrNull(int frame) {
    return leaves[frame];
  }

  /** The same for a frame that has a page. */
  Leaf leaf(int frame) {
    return requireNonNull(leaves[frame]);
  }

  /** Which slot of the leaf; anything for a frame without a page. */
  int index(int frame) {
    return FrameWord.high(words[frame]) << Byte.SIZE | Byte.toUnsignedInt(indexes[frame]);
  }

  void zero(int frame) {
    memory.asSlice(offset(frame), PAGE_BYTES).fill((byte) 0);
  }

  @Override
  public void close() {
    held.close(highest);
  }
}
