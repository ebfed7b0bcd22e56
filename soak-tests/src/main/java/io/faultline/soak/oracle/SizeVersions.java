package io.faultline.soak.oracle;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** The sizes one file has had, as far back as a read under way can see; see {@link FileOracle}. */
final class SizeVersions {

  /** Smallest and largest end of file of an interval. */
  record Bounds(long least, long most) {}

  private record Past(long sizeBytes, long begin, long successorEnd) {}

  private final Deque<Past> past = new ArrayDeque<>();
  private long currentBytes;
  private long currentBegin;

  SizeVersions(long sizeBytes) {
    this.currentBytes = sizeBytes;
  }

  long current() {
    return currentBytes;
  }

  void set(long sizeBytes, long begin, long endTick) {
    if (sizeBytes != currentBytes) {
      past.addLast(new Past(currentBytes, currentBegin, endTick));
      currentBytes = sizeBytes;
      currentBegin = begin;
    }
  }

  void forget(long oldestStart) {
    past.removeIf(one -> one.successorEnd <= oldestStart);
  }

  int pastCount() {
    return past.size();
  }

  /** The sizes between which the file was while a read from {@code start} to {@code end} ran. */
  Bounds bounds(long start, long end, List<Mutation> inFlight) {
    long least = Long.MAX_VALUE;
    long most = 0;
    if (currentBegin <= end) {
      least = currentBytes;
      most = currentBytes;
    }
    for (Mutation mutation : inFlight) {
      if (mutation.sizeAfter() != mutation.sizeBefore() && mutation.generation() <= end) {
        least = Math.min(least, mutation.sizeAfter());
        most = Math.max(most, mutation.sizeAfter());
      }
    }
    for (Past one : past) {
      if (one.successorEnd > start && one.begin <= end) {
        least = Math.min(least, one.sizeBytes);
        most = Math.max(most, one.sizeBytes);
      }
    }
    return new Bounds(least, most);
  }
}
