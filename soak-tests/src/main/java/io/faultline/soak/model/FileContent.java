package io.faultline.soak.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * The bytes and the block states of one regular file. A block is DATA (a page of bytes in {@link
 * #pages}), UNWRITTEN (in {@link #unwritten}) or, in neither, a HOLE; never both. Bytes at or past
 * the size are zero in every page, so growing never exposes anything.
 *
 * <p>Arguments are valid: the caller has answered the errno table already. Not thread-safe.
 */
final class FileContent {

  static final int BLOCK_BYTES = 4096;

  private final TreeMap<Long, byte[]> pages = new TreeMap<>();
  private final BlockRanges unwritten = new BlockRanges();
  private long sizeBytes;

  long sizeBytes() {
    return sizeBytes;
  }

  long blocks() {
    return pages.size() + unwritten.count();
  }

  /** One past the last mapped block; may lie beyond the end of the file. */
  long mappedEndBlock() {
    return Math.max(pages.isEmpty() ? 0 : pages.lastKey() + 1, unwritten.end());
  }

  void write(long offset, long length, byte value) {
    long end = offset + length;
    for (long at = offset; at < end; ) {
      long block = at / BLOCK_BYTES;
      int from = (int) (at % BLOCK_BYTES);
      int to = (int) Math.min(BLOCK_BYTES, from + (end - at));
      Arrays.fill(pages.computeIfAbsent(block, b -> new byte[BLOCK_BYTES]), from, to, value);
      unwritten.remove(block, block + 1);
      at += to - from;
    }
    if (length > 0) {
      sizeBytes = Math.max(sizeBytes, end);
    }
  }

  /** Copies {@code target.length} bytes from {@code offset}; what is not data is zero. */
  void read(long offset, byte[] target) {
    for (int done = 0; done < target.length; ) {
      long at = offset + done;
      int from = (int) (at % BLOCK_BYTES);
      int count = Math.min(BLOCK_BYTES - from, target.length - done);
      byte[] page = pages.get(at / BLOCK_BYTES);
      if (page == null) {
        Arrays.fill(target, done, done + count, (byte) 0);
      } else {
        System.arraycopy(page, from, target, done, count);
      }
      done += count;
    }
  }

  /** Sets the size. Not growing also frees what was preallocated beyond the new end. */
  void truncate(long newSizeBytes) {
    if (newSizeBytes <= sizeBytes) {
      long keptBlocks = ceilBlock(newSizeBytes);
      pages.tailMap(keptBlocks, true).clear();
      unwritten.remove(keptBlocks, Long.MAX_VALUE);
      zeroBytes(newSizeBytes, keptBlocks * BLOCK_BYTES);
    }
    sizeBytes = newSizeBytes;
  }

  /** Whole blocks become holes, partial ones keep their state and lose the bytes. */
  void punch(long offset, long length) {
    if (offset >= sizeBytes) {
      return;
    }
    long end = offset + length;
    if (end > sizeBytes) {
      end = ceilBlock(sizeBytes) * BLOCK_BYTES;
    }
    zeroBytes(offset, end);
    long first = ceilBlock(offset);
    long last = end / BLOCK_BYTES;
    if (first < last) {
      pages.subMap(first, true, last, false).clear();
      unwritten.remove(first, last);
    }
  }

  /**
   * Whole blocks become unwritten; a partial one keeps its data, or turns from hole to unwritten.
   */
  void zero(long offset, long length, boolean keepSize) {
    long end = offset + length;
    zeroBytes(offset, end);
    long first = ceilBlock(offset);
    long last = end / BLOCK_BYTES;
    if (first < last) {
      pages.subMap(first, true, last, false).clear();
    }
    allocate(offset, length, keepSize);
  }

  /** Every hole the range touches becomes unwritten. */
  void allocate(long offset, long length, boolean keepSize) {
    long end = offset + length;
    long first = offset / BLOCK_BYTES;
    long last = ceilBlock(end);
    unwritten.add(first, last);
    for (long block : pages.subMap(first, true, last, false).keySet()) {
      unwritten.remove(block, block + 1);
    }
    if (!keepSize) {
      sizeBytes = Math.max(sizeBytes, end);
    }
  }

  void collapse(long offset, long length) {
    long first = offset / BLOCK_BYTES;
    long last = (offset + length) / BLOCK_BYTES;
    pages.subMap(first, true, last, false).clear();
    unwritten.remove(first, last);
    shift(last, first - last);
    sizeBytes -= length;
  }

  void insert(long offset, long length) {
    shift(offset / BLOCK_BYTES, length / BLOCK_BYTES);
    sizeBytes += length;
  }

  /** First byte at or after {@code offset} that lies in a data block. */
  OptionalLong seekData(long offset) {
    Long block = pages.ceilingKey(offset / BLOCK_BYTES);
    if (block == null) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(Math.max(offset, block * BLOCK_BYTES));
  }

  /** First byte at or after {@code offset} outside data blocks; the end of file is a hole. */
  long seekHole(long offset) {
    long block = offset / BLOCK_BYTES;
    while (pages.containsKey(block)) {
      block++;
    }
    return Math.min(sizeBytes, Math.max(offset, block * BLOCK_BYTES));
  }

  List<Extent> extents() {
    BlockRanges data = new BlockRanges();
    for (long block : pages.keySet()) {
      data.add(block, block + 1);
    }
    List<Extent> extents = new ArrayList<>();
    addExtents(extents, data, Extent.State.DATA);
    addExtents(extents, unwritten, Extent.State.UNWRITTEN);
    extents.sort(Comparator.comparingLong(Extent::offsetBytes));
    return extents;
  }

  private static void addExtents(List<Extent> into, BlockRanges ranges, Extent.State state) {
    for (BlockRanges.Range range : ranges.all()) {
      into.add(
          new Extent(
              range.start() * BLOCK_BYTES, (range.end() - range.start()) * BLOCK_BYTES, state));
    }
  }

  private void shift(long fromBlock, long distanceBlocks) {
    TreeMap<Long, byte[]> tail = new TreeMap<>(pages.tailMap(fromBlock, true));
    pages.tailMap(fromBlock, true).clear();
    tail.forEach((block, bytes) -> pages.put(block + distanceBlocks, bytes));
    unwritten.shift(fromBlock, distanceBlocks);
  }

  private void zeroBytes(long start, long end) {
    if (start >= end) {
      return;
    }
    pages
        .subMap(start / BLOCK_BYTES, true, ceilBlock(end), false)
        .forEach(
            (block, bytes) -> {
              long pageStart = block * BLOCK_BYTES;
              int from = (int) Math.max(0, start - pageStart);
              int to = (int) Math.min(BLOCK_BYTES, end - pageStart);
              Arrays.fill(bytes, from, to, (byte) 0);
            });
  }

  private static long ceilBlock(long offset) {
    return (offset + BLOCK_BYTES - 1) / BLOCK_BYTES;
  }
}
