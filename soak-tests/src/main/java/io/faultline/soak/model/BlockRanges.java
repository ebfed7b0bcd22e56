package io.faultline.soak.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A set of block numbers kept as disjoint, never adjacent, half-open ranges, so that a preallocated
 * TiB costs one entry. Not thread-safe.
 */
final class BlockRanges {

  /** Half-open range of block numbers. */
  record Range(long start, long end) {}

  private final TreeMap<Long, Long> endByStart = new TreeMap<>();

  void add(long start, long end) {
    if (start >= end) {
      return;
    }
    long from = start;
    long to = end;
    Map.Entry<Long, Long> left = endByStart.floorEntry(from);
    if (left != null && left.getValue() >= from) {
      from = left.getKey();
      to = Math.max(to, left.getValue());
    }
    Map.Entry<Long, Long> right = endByStart.floorEntry(to);
    if (right != null) {
      to = Math.max(to, right.getValue());
    }
    endByStart.subMap(from, true, to, true).clear();
    endByStart.put(from, to);
  }

  void remove(long start, long end) {
    if (start >= end) {
      return;
    }
    for (Range range : overlapping(start, end)) {
      endByStart.remove(range.start());
      if (range.start() < start) {
        endByStart.put(range.start(), start);
      }
      if (range.end() > end) {
        endByStart.put(end, range.end());
      }
    }
  }

  boolean contains(long block) {
    Map.Entry<Long, Long> entry = endByStart.floorEntry(block);
    return entry != null && entry.getValue() > block;
  }

  /**
   * Moves every range at or after {@code from} by {@code distance}; one that straddles is split.
   */
  void shift(long from, long distance) {
    List<Range> moved = new ArrayList<>();
    for (Range range : overlapping(from, Long.MAX_VALUE)) {
      moved.add(new Range(Math.max(range.start(), from), range.end()));
    }
    remove(from, Long.MAX_VALUE);
    for (Range range : moved) {
      add(range.start() + distance, range.end() + distance);
    }
  }

  long count() {
    long total = 0;
    for (Range range : all()) {
      total += range.end() - range.start();
    }
    return total;
  }

  /** One past the last block, 0 when empty. */
  long end() {
    return endByStart.isEmpty() ? 0 : endByStart.lastEntry().getValue();
  }

  List<Range> all() {
    return overlapping(0, Long.MAX_VALUE);
  }

  private List<Range> overlapping(long start, long end) {
    List<Range> found = new ArrayList<>();
    Long first = endByStart.floorKey(start);
    for (Map.Entry<Long, Long> entry :
        endByStart.subMap(first == null ? start : first, true, end, false).entrySet()) {
      if (entry.getValue() > start) {
        found.add(new Range(entry.getKey(), entry.getValue()));
      }
    }
    return found;
  }
}
