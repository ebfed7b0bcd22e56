package io.faultline.soak.oracle;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Which versions each sub-block of one file has had, as far back as a read under way can see. A
 * version is the tick at which its mutation began: positive for a stamp of that generation,
 * negative for zeros, 0 for never written. Mutations of one sub-block never overlap in time, so a
 * version is visible from its own begin to the end of its successor.
 *
 * <p>Cost: eight bytes a sub-block, plus one array per mutation that a read under way may still
 * straddle. Guarded by the lock of {@link FileOracle}.
 */
final class SubBlockVersions {

  /** Versions of a range until {@code successorEnd}. */
  @SuppressWarnings("ArrayRecordComponent") // never compared; an array is the point
  private record Superseded(long first, long[] versions, long successorBegin, long successorEnd) {
    boolean covers(long subBlock) {
      return subBlock >= first && subBlock < first + versions.length;
    }
  }

  /** A failed mutation: its version may or may not be there until the next one that succeeds. */
  private record Unsettled(long first, long end, long version) {
    boolean covers(long subBlock) {
      return subBlock >= first && subBlock < end;
    }
  }

  private long[] current = new long[64];
  private final Deque<Superseded> past = new ArrayDeque<>();
  private List<Unsettled> unsettled = new ArrayList<>();

  /** The version now, what failed left aside. */
  long current(long subBlock) {
    return subBlock < current.length ? current[(int) subBlock] : 0;
  }

  /** The mutation succeeded on {@code [first, end)}. */
  void succeed(long first, long end, long version, long endTick) {
    if (first >= end) {
      return;
    }
    ensure(end);
    long begin = Math.abs(version);
    past.addLast(
        new Superseded(first, Arrays.copyOfRange(current, (int) first, (int) end), begin, endTick));
    Arrays.fill(current, (int) first, (int) end, version);
    settle(first, end, begin, endTick);
  }

  /** The mutation failed on {@code [first, end)} and may have done any part of it. */
  void fail(long first, long end, long version) {
    if (first < end) {
      unsettled.add(new Unsettled(first, end, version));
    }
  }

  private void settle(long first, long end, long begin, long endTick) {
    if (unsettled.isEmpty()) {
      return;
    }
    List<Unsettled> kept = new ArrayList<>();
    for (Unsettled one : unsettled) {
      long from = Math.max(first, one.first);
      long to = Math.min(end, one.end);
      if (from >= to) {
        kept.add(one);
        continue;
      }
      long[] versions = new long[(int) (to - from)];
      Arrays.fill(versions, one.version);
      past.addLast(new Superseded(from, versions, begin, endTick));
      if (one.first < from) {
        kept.add(new Unsettled(one.first, from, one.version));
      }
      if (to < one.end) {
        kept.add(new Unsettled(to, one.end, one.version));
      }
    }
    unsettled = kept;
  }

  /** Forgets what ended before every read under way. */
  void forget(long oldestStart) {
    past.removeIf(one -> one.successorEnd <= oldestStart);
  }

  int pastCount() {
    return past.size();
  }

  /** Every version a read from {@code start} to {@code end} may see, {@code inFlight} included. */
  long[] allowed(long subBlock, long start, long end, List<Mutation> inFlight) {
    LongStream.Builder versions = LongStream.builder();
    versions.add(current(subBlock));
    for (Mutation mutation : inFlight) {
      if (covers(mutation, subBlock)) {
        versions.add(mutation.version());
      }
    }
    for (Superseded one : past) {
      if (one.covers(subBlock) && one.successorEnd > start) {
        versions.add(one.versions[(int) (subBlock - one.first)]);
      }
    }
    for (Unsettled one : unsettled) {
      if (one.covers(subBlock)) {
        versions.add(one.version);
      }
    }
    return versions.build().filter(v -> Math.abs(v) <= end).distinct().toArray();
  }

  /** Whether a mutation was changing the sub-block between {@code start} and {@code end}. */
  boolean wasChanging(long subBlock, long start, long end, List<Mutation> inFlight) {
    return inFlight.stream().anyMatch(m -> covers(m, subBlock) && m.generation() <= end)
        || past.stream()
            .anyMatch(
                one ->
                    one.covers(subBlock) && one.successorEnd > start && one.successorBegin <= end)
        || unsettled.stream().anyMatch(one -> one.covers(subBlock) && Math.abs(one.version) <= end);
  }

  private static boolean covers(Mutation mutation, long subBlock) {
    return mutation.changesBytes()
        && subBlock >= mutation.firstSubBlock()
        && subBlock < mutation.endSubBlock();
  }

  private void ensure(long end) {
    if (end > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException("sub-block " + end + " is beyond what the oracle holds");
    }
    if (end > current.length) {
      long doubled = Math.min(2L * current.length, Integer.MAX_VALUE - 8);
      current = Arrays.copyOf(current, (int) Math.max(end, doubled));
    }
  }
}
