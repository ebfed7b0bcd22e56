package io.faultline.engine.device;

import static io.faultline.engine.device.Io.PIECE_BYTES;

import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * A device in the Java heap, sparse: areas of {@value #AREA_BYTES} bytes exist once something was
 * written to them.
 *
 * <p>Without an executor it completes inline. With one, each request becomes two tasks, the
 * transfer and then the completion, so that a seeded scheduler can put other tasks between
 * submission, transfer and completion.
 *
 * <p>It knows no volatile cache: what was written is there. Loss of what was not flushed is {@link
 * RecordingDevice}'s.
 */
public final class MemoryDevice implements BlockDevice {
  /** Bytes allocated at a time. */
  public static final int AREA_BYTES = 64 * 1024;

  private static final int AREAS_PER_LEAF = 1024;
  private static final long LEAF_BYTES = (long) AREA_BYTES * AREAS_PER_LEAF;

  private final long sizeBytes;
  private final DeviceCapabilities capabilities;
  private final @Nullable Executor completions;
  // Two levels, so that a terabyte of nothing costs 128 KiB.
  private final AtomicReferenceArray<@Nullable AtomicReferenceArray<byte @Nullable []>> leaves;
  private volatile boolean closed;

  /** An empty device that completes inline. */
  public MemoryDevice(long sizeBytes) {
    this(sizeBytes, null);
  }

  /**
   * An empty device.
   *
   * @param completions runs transfers and completions, each as a task of its own; null means inline
   */
  public MemoryDevice(long sizeBytes, @Nullable Executor completions) {
    this.sizeBytes = BlockDevice.checkSize(sizeBytes);
    this.completions = completions;
    this.leaves =
        new AtomicReferenceArray<>(Math.toIntExact((sizeBytes + LEAF_BYTES - 1) / LEAF_BYTES));
    this.capabilities =
        new DeviceCapabilities(true, true, PIECE_BYTES, "memory of " + sizeBytes + " bytes");
  }

  /** An empty device whose transfers and completions are tasks of {@code runtime}. */
  public static MemoryDevice scheduledBy(EngineRuntime runtime, long sizeBytes) {
    return new MemoryDevice(sizeBytes, task -> runtime.fork("device", task));
  }

  /**
   * An independent copy of the content as it is now, completing inline. The device should be quiet.
   */
  public MemoryDevice copy() {
    return copy(null);
  }

  /** An independent copy of the content as it is now, with its own executor. */
  public MemoryDevice copy(@Nullable Executor executor) {
    MemoryDevice twin = new MemoryDevice(sizeBytes, executor);
    for (int l = 0; l < leaves.length(); l++) {
      AtomicReferenceArray<byte @Nullable []> leaf = leaves.get(l);
      if (leaf == null) {
        continue;
      }
      AtomicReferenceArray<byte @Nullable []> mine = new AtomicReferenceArray<>(AREAS_PER_LEAF);
      for (int a = 0; a < AREAS_PER_LEAF; a++) {
        byte[] area = leaf.get(a);
        if (area != null) {
          mine.setPlain(a, area.clone());
        }
      }
      twin.leaves.set(l, mine);
    }
    return twin;
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public DeviceCapabilities capabilities() {
    return capabilities;
  }

  /** Bytes of heap that hold content. */
  public long allocatedBytes() {
    long areas = 0;
    for (int l = 0; l < leaves.length(); l++) {
      AtomicReferenceArray<byte @Nullable []> leaf = leaves.get(l);
      for (int a = 0; leaf != null && a < AREAS_PER_LEAF; a++) {
        areas += leaf.get(a) == null ? 0 : 1;
      }
    }
    return areas * AREA_BYTES;
  }

  @Override
  public void submit(Io io) {
    check(io);
    Executor executor = completions;
    if (executor == null) {
      io.complete(perform(io));
      return;
    }
    executor.execute(
        () -> {
          Yield.at(YieldPoint.IO_SUBMITTED);
          IOException failure = perform(io);
          executor.execute(
              () -> {
                Yield.at(YieldPoint.IO_DONE);
                io.complete(failure);
              });
        });
  }

  @Override
  public boolean peek(long deviceOffset, MemorySegment to) {
    for (long at = 0; at < to.byteSize(); at += PIECE_BYTES) {
      get(deviceOffset + at, to, at);
    }
    return true;
  }

  private @Nullable IOException perform(Io io) {
    if (closed) {
      return new IOException(io + " on a closed device");
    }
    switch (io.op()) {
      case READ -> {
        for (int i = 0; i < io.pieces(); i++) {
          get(io.deviceOffset() + (long) i * PIECE_BYTES, io.memory(), io.pieceOffset(i));
        }
      }
      case WRITE -> {
        for (int i = 0; i < io.pieces(); i++) {
          long at = io.deviceOffset() + (long) i * PIECE_BYTES;
          put(at, io.memory(), io.pieceOffset(i), PIECE_BYTES);
        }
      }
      case FLUSH -> {} // nothing here outlives the process, and nothing is lost before it
      case DISCARD -> zero(io.deviceOffset(), io.lengthBytes());
    }
    return null;
  }

  private void get(long offset, MemorySegment memory, long memoryOffset) {
    byte[] area = area(offset, false);
    if (area == null) {
      memory.asSlice(memoryOffset, PIECE_BYTES).fill((byte) 0);
    } else {
      MemorySegment.copy(
          area,
          (int) (offset % AREA_BYTES),
          memory,
          ValueLayout.JAVA_BYTE,
          memoryOffset,
          PIECE_BYTES);
    }
  }

  /** Stores bytes that lie inside one area; the crash images store single sectors through this. */
  void put(long offset, MemorySegment memory, long memoryOffset, int length) {
    byte[] area = area(offset, true);
    if (area == null) {
      throw new IllegalStateException("no area at " + offset);
    }
    MemorySegment.copy(
        memory, ValueLayout.JAVA_BYTE, memoryOffset, area, (int) (offset % AREA_BYTES), length);
  }

  /** Zeroes [offset, offset + length); a whole area is given back. */
  void zero(long offset, long length) {
    long end = offset + length;
    while (offset < end) {
      int within = (int) (offset % AREA_BYTES);
      int part = (int) Math.min(AREA_BYTES - within, end - offset);
      AtomicReferenceArray<byte @Nullable []> leaf = leaves.get((int) (offset / LEAF_BYTES));
      int index = (int) (offset / AREA_BYTES % AREAS_PER_LEAF);
      byte[] area = leaf == null ? null : leaf.get(index);
      if (leaf != null && area != null) {
        if (part == AREA_BYTES) {
          leaf.compareAndSet(index, area, null);
        } else {
          Arrays.fill(area, within, within + part, (byte) 0);
        }
      }
      offset += part;
    }
  }

  private byte @Nullable [] area(long offset, boolean create) {
    int l = (int) (offset / LEAF_BYTES);
    AtomicReferenceArray<byte @Nullable []> leaf = leaves.get(l);
    if (leaf == null) {
      if (!create) {
        return null;
      }
      leaves.compareAndSet(l, null, new AtomicReferenceArray<>(AREAS_PER_LEAF));
      leaf = leaves.get(l);
    }
    int a = (int) (offset / AREA_BYTES % AREAS_PER_LEAF);
    byte[] area = leaf == null ? null : leaf.get(a);
    if (area == null && create && leaf != null) {
      leaf.compareAndSet(a, null, new byte[AREA_BYTES]);
      area = leaf.get(a);
    }
    return area;
  }

  @Override
  public void close() {
    closed = true;
  }
}
