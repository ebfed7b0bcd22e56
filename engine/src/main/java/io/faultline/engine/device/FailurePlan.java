package io.faultline.engine.device;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Which requests of a {@link FailingDevice} or a {@link FailingJournalStore} go wrong and how;
 * changed at run time, safe for use by any thread. What was injected is recorded, so that a test
 * can tell an injected error from a real one.
 *
 * <p>What a volume notices: every kind that reports an error, and whatever a checksum covers: the
 * superblock, and each journal record that is not the last one. A last record that is lost, torn or
 * rotten looks like one that was never finished, and is cut. <b>Data blocks have no checksum:</b>
 * bit rot, a lost, a misdirected or an unflushed write of data is not noticed, neither by a read
 * nor by fsck. {@code UndetectedDamageTest} holds both lists to the letter.
 */
public final class FailurePlan {

  /** A way to go wrong. */
  public enum Kind {
    /** EIO, nothing read. */
    READ_ERROR(Io.Op.READ),
    /** Success with one flipped bit. */
    BIT_ROT(Io.Op.READ),
    /** EIO, nothing written. */
    WRITE_ERROR(Io.Op.WRITE),
    /** ENOSPC, as of a sparse image on a full host; nothing written. */
    NO_SPACE(Io.Op.WRITE),
    /** A proper, non-empty prefix of the sectors is written, then EIO. */
    TORN_WRITE(Io.Op.WRITE),
    /** Success, nothing written. */
    LOST_WRITE(Io.Op.WRITE),
    /** Success, written somewhere else on the device. */
    MISDIRECTED_WRITE(Io.Op.WRITE),
    /** EIO, nothing flushed. */
    FLUSH_ERROR(Io.Op.FLUSH),
    /** Success, nothing flushed. */
    LYING_FLUSH(Io.Op.FLUSH),
    /** EIO, nothing discarded. */
    DISCARD_ERROR(Io.Op.DISCARD);

    private final Io.Op op;

    Kind(Io.Op op) {
      this.op = op;
    }

    /** The requests it can hit. */
    public Io.Op op() {
      return op;
    }
  }

  /** Which blocks a failure is about. */
  @FunctionalInterface
  public interface Blocks {
    /** All blocks. */
    Blocks ALL = (first, end) -> true;

    /** Whether the request's device bytes [first, end) are concerned; a flush is [0, 0). */
    boolean touches(long first, long end);

    /** Requests that overlap device bytes [first, end). */
    static Blocks within(long first, long end) {
      return (f, e) -> f < end && first < e;
    }
  }

  /**
   * One rule.
   *
   * @param kind what happens
   * @param nth the first matching request it happens to, counted from 1 since the rule was added
   * @param sticky whether it goes on happening after that
   * @param blocks which requests match
   */
  public record Failure(Kind kind, long nth, boolean sticky, Blocks blocks) {
    /** Checks the count. */
    public Failure {
      if (nth < 1) {
        throw new IllegalArgumentException("requests are counted from 1, not " + nth);
      }
    }

    /** The nth request of the kind's operation, once. */
    public static Failure once(Kind kind, long nth) {
      return new Failure(kind, nth, false, Blocks.ALL);
    }

    /** The nth request and all that follow. */
    public static Failure from(Kind kind, long nth) {
      return new Failure(kind, nth, true, Blocks.ALL);
    }

    /** Every request that overlaps device bytes [first, end). */
    public static Failure within(Kind kind, long first, long end) {
      return new Failure(kind, 1, true, Blocks.within(first, end));
    }
  }

  /**
   * Something that was done to a request.
   *
   * @param kind what
   * @param deviceOffset first byte of the request
   * @param lengthBytes its length
   */
  public record Injected(Kind kind, long deviceOffset, long lengthBytes) {}

  private static final class Armed {
    final Failure failure;
    long seen;

    Armed(Failure failure) {
      this.failure = failure;
    }
  }

  private final SplittableRandom random; // guarded by this
  private final List<Armed> armed = new ArrayList<>(); // guarded by this
  private final List<Injected> injected = new ArrayList<>(); // guarded by this

  /** No failures yet; {@code seed} chooses sectors, bits and targets. */
  public FailurePlan(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /** Adds a rule; it counts from now. The first rule that hits a request decides. */
  public synchronized FailurePlan add(Failure failure) {
    armed.add(new Armed(failure));
    return this;
  }

  /** Removes all rules; the record stays. */
  public synchronized void clear() {
    armed.clear();
  }

  /** What was injected so far, in order. */
  public synchronized List<Injected> injected() {
    return List.copyOf(injected);
  }

  /**
   * The verdict on a request; every rule that matches counts it, the first that hits is recorded.
   */
  Optional<Kind> judge(Io io) {
    return judge(io.op(), io.deviceOffset(), io.deviceOffset() + io.lengthBytes());
  }

  /** The same for a request on bytes [first, end) of a device or of a file. */
  synchronized Optional<Kind> judge(Io.Op op, long first, long end) {
    Optional<Kind> verdict = Optional.empty();
    for (Armed rule : armed) {
      Failure f = rule.failure;
      if (f.kind().op() != op) {
        continue;
      }
      if (op != Io.Op.FLUSH && !f.blocks().touches(first, end)) {
        continue;
      }
      rule.seen++;
      boolean hit = f.sticky() ? rule.seen >= f.nth() : rule.seen == f.nth();
      if (hit && verdict.isEmpty()) {
        verdict = Optional.of(f.kind());
        injected.add(new Injected(f.kind(), first, end - first));
      }
    }
    return verdict;
  }

  /** A number in [from, to). */
  synchronized long choose(long from, long to) {
    return random.nextLong(from, to);
  }
}
