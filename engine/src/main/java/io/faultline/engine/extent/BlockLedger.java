package io.faultline.engine.extent;

import io.faultline.engine.runtime.Invariant;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What every block is used for, kept beside the allocator so that it can be contradicted: the
 * run-time side of invariants I1, I4, I6, I7 and I14. Costs a byte per block and a monitor per
 * transition, so it is {@link #off} outside tests, simulation and soak; then a call is one test.
 *
 * <pre>
 *  FREE ──taken──► TAKEN ──mapped──► MAPPED ──freed(lsn)──► PENDING
 *    ▲               │ released                               │ released, once lsn is durable
 *    └───────────────┴────────────────────────────────────────┘
 * </pre>
 *
 * <p>Thread-safe; its monitor is a leaf.
 */
public final class BlockLedger {
  private static final byte FREE = 0;
  private static final byte TAKEN = 1;
  private static final byte MAPPED = 2;
  private static final byte PENDING = 3;
  private static final byte STATE = 3;

  /** Data has been written to the block since it was taken. */
  private static final byte WRITTEN = 4;

  private static final String[] NAMES = {"free", "taken", "mapped", "pending"};
  private static final int GROUP = BlockAllocator.GROUP_BLOCKS;
  private static final BlockLedger OFF = new BlockLedger(0, false);

  private final boolean on;
  private final long blocks;
  // Guarded by the monitor.
  private final byte[] @Nullable [] states;
  private final long[] counts = new long[4];
  private final Map<Long, Integer> fills = new HashMap<>();
  private final Map<Long, Integer> writes = new HashMap<>();
  private final Map<Long, Long> freedBy = new HashMap<>();
  private final NavigableMap<Long, Long> flushNeeded = new TreeMap<>();
  private long durableLsn;

  private BlockLedger(long blocks, boolean on) {
    this.on = on;
    this.blocks = blocks;
    this.states = new byte[(int) ((blocks + GROUP - 1) / GROUP)][];
    counts[FREE] = blocks;
  }

  /** A ledger that keeps and checks nothing. */
  public static BlockLedger off() {
    return OFF;
  }

  /** A ledger of a device on which every block is free. */
  public static BlockLedger of(long blocks) {
    return new BlockLedger(blocks, true);
  }

  /** Whether it keeps anything. */
  public boolean isOn() {
    return on;
  }

  private byte get(long block) {
    byte[] group = states[(int) (block / GROUP)];
    return group == null ? FREE : group[(int) (block % GROUP)];
  }

  private void set(long block, byte next) {
    int g = (int) (block / GROUP);
    byte[] group = states[g];
    if (group == null) {
      group = new byte[(int) Math.min(GROUP, blocks - (long) g * GROUP)];
      states[g] = group;
    }
    int i = (int) (block % GROUP);
    counts[group[i] & STATE]--;
    counts[next & STATE]++;
    group[i] = next;
  }

  private static String name(byte state) {
    return NAMES[state & STATE];
  }

  /** Blocks that a mapping owned when the volume was opened. */
  public void recovered(BlockRun run) {
    if (on) {
      recoveredLocked(run);
    }
  }

  private synchronized void recoveredLocked(BlockRun run) {
    for (long b = run.start(); b < run.end(); b++) {
      set(b, (byte) (MAPPED | WRITTEN));
    }
  }

  /** The allocator has handed out {@code run}. */
  public void taken(BlockRun run) {
    if (on) {
      takenLocked(run);
    }
  }

  private synchronized void takenLocked(BlockRun run) {
    for (long b = run.start(); b < run.end(); b++) {
      byte was = get(b);
      Invariant.I6.require(
          (was & STATE) != PENDING,
          "block %s is handed out, but transaction %s, which freed it, is not durable",
          b,
          String.valueOf(freedBy.get(b)));
      Invariant.I14.require(was == FREE, "block %s is handed out, but it is %s", b, name(was));
      set(b, TAKEN);
    }
  }

  /**
   * {@code run} goes back to the allocator, which has not got it yet.
   *
   * @throws io.faultline.engine.runtime.EngineFailure I1 or I4 while I/O on it is in flight, I6 if
   *     the transaction that freed it is not durable, I14 if it is mapped or free already
   */
  public void released(BlockRun run) {
    if (on) {
      releasedLocked(run);
    }
  }

  private synchronized void releasedLocked(BlockRun run) {
    requireIdle(run, "goes to the free pool");
    for (long b = run.start(); b < run.end(); b++) {
      byte was = get(b);
      if ((was & STATE) == PENDING) {
        Long lsn = freedBy.get(b);
        Invariant.I6.require(
            lsn != null && lsn <= durableLsn,
            "block %s goes to the free pool, but transaction %s, which freed it, is not durable"
                + " (%s is)",
            b,
            String.valueOf(lsn),
            durableLsn);
        freedBy.remove(b);
      } else {
        Invariant.I14.require(
            (was & STATE) == TAKEN, "block %s goes to the free pool, but it is %s", b, name(was));
      }
      set(b, FREE);
    }
  }

  private void requireIdle(BlockRun run, String what) {
    Invariant.I1.held();
    Invariant.I4.held();
    if (fills.isEmpty() && writes.isEmpty()) {
      return;
    }
    for (long b = run.start(); b < run.end(); b++) {
      Invariant.I1.require(!fills.containsKey(b), "block %s %s while a fill reads it", b, what);
      Invariant.I4.require(
          !writes.containsKey(b), "block %s %s while writeback writes it", b, what);
    }
  }

  /**
   * An event that maps {@code extent} is published.
   *
   * @throws io.faultline.engine.runtime.EngineFailure I7 if it is mapped as written and was not
   *     written, I14 if it is nobody's to map
   */
  public void mapped(Extent extent) {
    if (on) {
      mappedLocked(extent);
    }
  }

  private synchronized void mappedLocked(Extent extent) {
    for (long b = extent.physical(); b < extent.physical() + extent.length(); b++) {
      byte was = get(b);
      Invariant.I14.require(
          (was & STATE) == TAKEN || (was & STATE) == MAPPED,
          "block %s is mapped, but it is %s",
          b,
          name(was));
      if (extent.isWritten()) {
        Invariant.I7.require(
            (was & WRITTEN) != 0 && !writes.containsKey(b),
            "block %s is mapped as written, but no write to it has completed",
            b);
      }
      set(b, (byte) (MAPPED | (was & WRITTEN)));
    }
  }

  /**
   * Transaction {@code lsn}, or a later one, is about to free {@code run}.
   *
   * @throws io.faultline.engine.runtime.EngineFailure I1 or I4 while I/O on it is in flight, I14 if
   *     it is not mapped
   */
  public void freed(BlockRun run, long lsn) {
    if (on) {
      freedLocked(run, lsn);
    }
  }

  private synchronized void freedLocked(BlockRun run, long lsn) {
    requireIdle(run, "is freed");
    for (long b = run.start(); b < run.end(); b++) {
      byte was = get(b);
      Invariant.I14.require(
          (was & STATE) == MAPPED, "block %s is freed, but it is %s", b, name(was));
      set(b, (byte) (PENDING | (was & WRITTEN)));
      freedBy.put(b, lsn);
    }
  }

  /** The transaction that frees {@code run} is {@code lsn}, unless it is durable already. */
  public void freedIn(BlockRun run, long lsn) {
    if (on) {
      freedInLocked(run, lsn);
    }
  }

  private synchronized void freedInLocked(BlockRun run, long lsn) {
    for (long b = run.start(); b < run.end(); b++) {
      // Freed again by a later one, if the block has been through other hands since.
      freedBy.computeIfPresent(b, (k, known) -> Math.max(known, lsn));
    }
  }

  /** Nothing frees {@code run} after all. */
  public void kept(BlockRun run) {
    if (on) {
      keptLocked(run);
    }
  }

  private synchronized void keptLocked(BlockRun run) {
    for (long b = run.start(); b < run.end(); b++) {
      freedBy.remove(b);
      set(b, (byte) (MAPPED | (get(b) & WRITTEN)));
    }
  }

  /** A fill has looked {@code block} up and will read it. */
  public void fillBegins(long block) {
    if (on) {
      begins(fills, block);
    }
  }

  /** The fill's I/O ended; its page is still locked. */
  public void fillEnds(long block) {
    if (on) {
      ends(fills, block);
    }
  }

  private synchronized void begins(Map<Long, Integer> counts, long block) {
    counts.merge(block, 1, Integer::sum);
  }

  private synchronized void ends(Map<Long, Integer> counts, long block) {
    counts.computeIfPresent(block, (b, n) -> n == 1 ? null : n - 1);
  }

  /**
   * Writeback is about to write {@code run}.
   *
   * @throws io.faultline.engine.runtime.EngineFailure I4 if nobody owns it
   */
  public void writeBegins(BlockRun run) {
    if (on) {
      writeBeginsLocked(run);
    }
  }

  private synchronized void writeBeginsLocked(BlockRun run) {
    for (long b = run.start(); b < run.end(); b++) {
      byte was = get(b);
      Invariant.I4.require(
          (was & STATE) == TAKEN || (was & STATE) == MAPPED,
          "writeback is about to write block %s, but it is %s",
          b,
          name(was));
      writes.merge(b, 1, Integer::sum);
    }
  }

  /**
   * That write has completed.
   *
   * @param succeeded whether the bytes are there
   * @throws io.faultline.engine.runtime.EngineFailure I4 if the block was taken away meanwhile
   */
  public void writeEnds(BlockRun run, boolean succeeded) {
    if (on) {
      writeEndsLocked(run, succeeded);
    }
  }

  private synchronized void writeEndsLocked(BlockRun run, boolean succeeded) {
    for (long b = run.start(); b < run.end(); b++) {
      writes.computeIfPresent(b, (k, n) -> n == 1 ? null : n - 1);
      byte was = get(b);
      if (succeeded) {
        set(b, (byte) (was | WRITTEN));
      }
      Invariant.I4.require(
          (was & STATE) == TAKEN || (was & STATE) == MAPPED,
          "writeback wrote block %s, which is %s now",
          b,
          name(was));
    }
  }

  /** What transaction {@code lsn} maps was written by the first {@code writes} image writes. */
  public void needsFlush(long lsn, long writesDone) {
    if (on) {
      needsFlushLocked(lsn, writesDone);
    }
  }

  private synchronized void needsFlushLocked(long lsn, long writesDone) {
    flushNeeded.merge(lsn, writesDone, Math::max);
  }

  /**
   * Transaction {@code lsn} is about to be persisted.
   *
   * @param flushed how many image writes a flush has covered
   * @throws io.faultline.engine.runtime.EngineFailure I7 if that does not cover its data, I14 if
   *     the states do not add up
   */
  public void persists(long lsn, long flushed) {
    if (on) {
      persistsLocked(lsn, flushed);
    }
  }

  private synchronized void persistsLocked(long lsn, long flushed) {
    Invariant.I7.held();
    // Of those before it too: who appended may have told of it only after it was persisted.
    for (long needed : flushNeeded.headMap(lsn, true).values()) {
      Invariant.I7.require(
          needed <= flushed,
          "transaction %s maps what write %s wrote, but only %s writes are flushed",
          lsn,
          needed,
          flushed);
    }
    flushNeeded.headMap(lsn, true).clear();
    long sum = counts[FREE] + counts[TAKEN] + counts[MAPPED] + counts[PENDING];
    Invariant.I14.require(sum == blocks, "%s blocks of %s have a state", sum, blocks);
  }

  /** Transaction {@code lsn} is durable, and all before it. */
  public void durable(long lsn) {
    if (on) {
      durableLocked(lsn);
    }
  }

  private synchronized void durableLocked(long lsn) {
    durableLsn = Math.max(durableLsn, lsn);
  }

  /** Blocks that the allocator has handed out and no mapping has got yet. */
  public long taken() {
    return on ? takenCount() : 0;
  }

  private synchronized long takenCount() {
    return counts[TAKEN];
  }

  /**
   * Compares with what others have counted, when nobody allocates, frees or writes.
   *
   * @param free the allocator's free blocks
   * @param pending the volume's blocks freed and not durably so
   * @return what does not agree, or empty
   */
  public String disagreement(long free, long pending) {
    return on ? disagreementLocked(free, pending) : "";
  }

  private synchronized String disagreementLocked(long free, long pending) {
    Invariant.I14.held();
    boolean agree = counts[FREE] == free && counts[PENDING] == pending && counts[TAKEN] == 0;
    return agree
        ? ""
        : "free %d and %d, pending %d and %d, taken %d and 0, of %d blocks"
            .formatted(counts[FREE], free, counts[PENDING], pending, counts[TAKEN], blocks);
  }
}
