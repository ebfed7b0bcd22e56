package io.faultline.engine.device;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Where blocks live: an asynchronous, batched device of fixed size. No caller may assume that it is
 * fast.
 *
 * <p>Requests may complete in any order and in any thread, also before {@code submit} returns. Two
 * requests in flight that overlap have no defined order; the engine never has two. A {@link
 * Io.Op#FLUSH} covers the writes that completed before it was submitted and no others.
 *
 * <p>A request that breaks {@link #check} is a caller's bug: {@code submit} throws and the request
 * never completes. What a disk can cause arrives as {@link Io#failure()}. All methods are safe for
 * use by any thread.
 */
public interface BlockDevice extends AutoCloseable {

  /** Size in bytes, fixed while open, a multiple of the alignment. */
  long sizeBytes();

  /** What it can do now; may change when a faster path is refused by the host. */
  DeviceCapabilities capabilities();

  /**
   * Starts a request and returns; never waits for the transfer unless the device completes inline.
   */
  void submit(Io io);

  /** Starts several; a device may override this to start them in one step. */
  default void submit(List<Io> batch) {
    for (Io io : batch) {
      submit(io);
    }
  }

  /**
   * Submits and waits. Not for actors and completion handlers.
   *
   * @throws IOException when the request failed
   */
  default void run(Io io) throws IOException {
    submit(io);
    io.await();
  }

  /**
   * Copies what the device holds at {@code deviceOffset}, for checks: counts as no request, waits
   * for nothing and never fails.
   *
   * @param to receives its size in bytes, a multiple of {@link Io#PIECE_BYTES}
   * @return false, with nothing copied, where that cannot be done
   */
  default boolean peek(long deviceOffset, MemorySegment to) {
    return false;
  }

  /**
   * Refuses further requests, waits for those in flight, releases the device; a second call does
   * nothing.
   */
  @Override
  void close() throws IOException;

  /**
   * Checks range and alignment of a request.
   *
   * @throws IllegalArgumentException naming request and size
   */
  default void check(Io io) {
    if (io.op() == Io.Op.FLUSH) {
      return;
    }
    long size = sizeBytes();
    long offset = io.deviceOffset();
    long length = io.lengthBytes();
    // length <= size - offset cannot overflow, offset + length could.
    if (offset < 0 || offset > size || length > size - offset) {
      throw new IllegalArgumentException(
          "%s of %d bytes at offset %d reaches outside the device of %d bytes"
              .formatted(io.op(), length, offset, size));
    }
    int alignment = capabilities().alignmentBytes();
    if (offset % alignment != 0 || length % alignment != 0) {
      throw new IllegalArgumentException(
          "%s of %d bytes at offset %d is not aligned to %d (device of %d bytes)"
              .formatted(io.op(), length, offset, alignment, size));
    }
  }

  /** Checks a device size: positive and whole pieces. */
  static long checkSize(long sizeBytes) {
    if (sizeBytes <= 0 || sizeBytes % Io.PIECE_BYTES != 0) {
      throw new IllegalArgumentException(
          "device size %d is not a positive multiple of %d".formatted(sizeBytes, Io.PIECE_BYTES));
    }
    return sizeBytes;
  }
}
