package io.faultline.engine.lock;

import io.faultline.engine.runtime.Checks;
import io.faultline.engine.runtime.EngineFailure;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Checks the lock order at every acquisition, and records which ranks were really nested.
 *
 * <p>A no-op unless {@link Checks#ON}. Each thread carries the stack of (rank, id) it holds. Taking
 * a lock whose rank is smaller than one held, or equal without a greater id (see {@link
 * LockRank#ascending}), is an {@link EngineFailure} before the thread can wait, so a deadlock is
 * reported when it becomes possible, not when it happens. The message names the thread's own chain
 * and, where one was seen, the place that established the opposite order.
 *
 * <p>A lock that changes threads (an exclusive granted to a callback, a hold completed by another
 * thread) is put down with {@link #handOff} and taken up with {@link #adopt}; the check is made
 * again on the adopting thread.
 *
 * <p>Only the calling thread's stack is touched; the set of edges is shared and safe for use by
 * all.
 */
public final class LockOrder {
  private static final LockRank[] RANKS = LockRank.values();
  private static final ThreadLocal<Held> HELD = ThreadLocal.withInitial(Held::new);
  private static final AtomicReferenceArray<@Nullable Witness> WITNESSES =
      new AtomicReferenceArray<>(RANKS.length * RANKS.length);

  private LockOrder() {}

  /**
   * One nesting that happened.
   *
   * @param outer the rank held
   * @param inner the rank taken under it
   * @param witness the first place where that happened, as a stack trace
   */
  public record Edge(LockRank outer, LockRank inner, String witness) {}

  private static final class Witness extends Throwable {
    private static final long serialVersionUID = 1L;

    Witness(LockRank outer, LockRank inner, String thread) {
      super(inner + " taken under " + outer + " by " + thread);
    }

    String text() {
      StringWriter text = new StringWriter();
      printStackTrace(new PrintWriter(text, true));
      return text.toString();
    }
  }

  /** The locks of one thread, in the order they were taken. */
  private static final class Held {
    private LockRank[] ranks = new LockRank[8];
    private long[] ids = new long[8];
    private int count;

    void push(LockRank rank, long id) {
      if (count == ids.length) {
        ranks = Arrays.copyOf(ranks, 2 * count);
        ids = Arrays.copyOf(ids, 2 * count);
      }
      ranks[count] = rank;
      ids[count] = id;
      count++;
    }

    /** Removes the newest matching entry: locks need not be released in reverse order. */
    boolean remove(LockRank rank, long id) {
      for (int i = count - 1; i >= 0; i--) {
        if (ranks[i] == rank && ids[i] == id) {
          System.arraycopy(ranks, i + 1, ranks, i, count - i - 1);
          System.arraycopy(ids, i + 1, ids, i, count - i - 1);
          count--;
          return true;
        }
      }
      return false;
    }

    boolean contains(LockRank rank, long id) {
      for (int i = 0; i < count; i++) {
        if (ranks[i] == rank && ids[i] == id) {
          return true;
        }
      }
      return false;
    }

    @Override
    public String toString() {
      StringBuilder chain = new StringBuilder();
      for (int i = 0; i < count; i++) {
        chain.append(i == 0 ? "" : " -> ").append(ranks[i]).append(' ').append(ids[i]);
      }
      return count == 0 ? "nothing" : chain.toString();
    }
  }

  /**
   * Checks that this thread may take a lock, before it waits for it.
   *
   * @param rank of the lock
   * @param id of the lock within its rank
   * @throws EngineFailure naming both chains when the order forbids it
   */
  public static void check(LockRank rank, long id) {
    if (Checks.ON) {
      checkAgainst(HELD.get(), rank, id);
    }
  }

  /**
   * This thread has taken a lock it may have waited for.
   *
   * @param rank of the lock
   * @param id of the lock within its rank
   * @throws EngineFailure naming both chains when the order forbids it
   */
  public static void acquired(LockRank rank, long id) {
    if (Checks.ON) {
      Held held = HELD.get();
      checkAgainst(held, rank, id);
      record(held, rank);
      held.push(rank, id);
    }
  }

  /**
   * This thread has taken a lock by trying: it never waited, so no order is violated and no edge is
   * made, but what it takes next is checked against this lock.
   *
   * @param rank of the lock
   * @param id of the lock within its rank
   */
  public static void acquiredByTry(LockRank rank, long id) {
    if (Checks.ON) {
      HELD.get().push(rank, id);
    }
  }

  /**
   * This thread releases a lock; the order of releases is free.
   *
   * @param rank of the lock
   * @param id of the lock within its rank
   * @throws EngineFailure when this thread does not hold it
   */
  public static void released(LockRank rank, long id) {
    if (Checks.ON) {
      Held held = HELD.get();
      if (!held.remove(rank, id)) {
        throw new EngineFailure(
            "%s %d is released by %s, which holds %s (was it adopted?)"
                .formatted(rank, id, threadName(), held));
      }
    }
  }

  /**
   * The lock stays held but leaves this thread; nothing happens when this thread does not hold it.
   *
   * @param rank of the lock
   * @param id of the lock within its rank
   */
  public static void handOff(LockRank rank, long id) {
    if (Checks.ON) {
      HELD.get().remove(rank, id);
    }
  }

  /**
   * This thread goes on with a lock acquired elsewhere: by a grant's callback, or by a thread that
   * has handed it off. Checked like {@link #acquired}.
   *
   * @param rank of the lock
   * @param id of the lock within its rank
   */
  public static void adopt(LockRank rank, long id) {
    acquired(rank, id);
  }

  /**
   * This thread holds no lock, as a completion handler must not.
   *
   * @param what is about to happen, for the message
   * @throws EngineFailure when it holds one
   */
  public static void assertNone(String what) {
    if (Checks.ON) {
      Held held = HELD.get();
      if (held.count != 0) {
        throw new EngineFailure(what + " while " + threadName() + " holds " + held);
      }
    }
  }

  /**
   * This thread holds no lock of a rank outside {@code outermostAllowed}: what the committer and
   * its flush thread promise (R10).
   *
   * @param outermostAllowed the outermost rank that may be held
   * @param what is about to happen, for the message
   * @throws EngineFailure when it holds an outer one
   */
  public static void assertNoneOutside(LockRank outermostAllowed, String what) {
    if (Checks.ON) {
      Held held = HELD.get();
      for (int i = 0; i < held.count; i++) {
        if (held.ranks[i].position() < outermostAllowed.position()) {
          throw new EngineFailure(what + " while " + threadName() + " holds " + held);
        }
      }
    }
  }

  /**
   * This thread holds the lock.
   *
   * @param rank of the lock
   * @param id of the lock within its rank
   * @param what is about to happen, for the message
   * @throws EngineFailure when it does not
   */
  public static void assertHeld(LockRank rank, long id, String what) {
    if (Checks.ON) {
      Held held = HELD.get();
      if (!held.contains(rank, id)) {
        throw new EngineFailure(
            "%s needs %s %d, but %s holds %s".formatted(what, rank, id, threadName(), held));
      }
    }
  }

  /**
   * The lock is held exclusive, and with checks on, by this thread. The first half is always on: it
   * is the assertion every destroyer makes.
   *
   * @param lock the lock
   * @param what is about to happen, for the message
   * @throws EngineFailure when it is not
   */
  public static void assertHeldExclusive(PhaseFairLock lock, String what) {
    if (!lock.heldExclusive()) {
      throw new EngineFailure(what + " needs the exclusive, but there is: " + lock);
    }
    assertHeld(lock.rank(), lock.ino(), what);
  }

  /**
   * What this thread holds, outermost first.
   *
   * @return for messages; "nothing" without checks
   */
  public static String held() {
    return Checks.ON ? HELD.get().toString() : "nothing";
  }

  /**
   * All nestings seen so far in this JVM, by outer then inner rank.
   *
   * @return one edge for each pair, each with one witness; empty without checks
   */
  public static List<Edge> edges() {
    List<Edge> edges = new ArrayList<>();
    for (LockRank outer : RANKS) {
      for (LockRank inner : RANKS) {
        Witness witness = WITNESSES.get(index(outer, inner));
        if (witness != null) {
          edges.add(new Edge(outer, inner, witness.text()));
        }
      }
    }
    return edges;
  }

  private static void checkAgainst(Held held, LockRank rank, long id) {
    for (int i = 0; i < held.count; i++) {
      LockRank outer = held.ranks[i];
      boolean allowed =
          outer.position() < rank.position()
              || (outer == rank && rank.ascending() && held.ids[i] < id);
      if (!allowed) {
        throw new EngineFailure(violation(held, outer, held.ids[i], rank, id));
      }
    }
  }

  private static String violation(Held held, LockRank outer, long outerId, LockRank rank, long id) {
    Witness opposite = outer == rank ? null : WITNESSES.get(index(rank, outer));
    String rule =
        outer == rank
            ? rank.ascending() ? "ids of one rank ascend" : "one lock of this rank at a time"
            : rank + " comes before " + outer;
    return "lock order: %s takes %s %d under %s %d (%s).\nChain of this thread: %s -> %s %d\n%s"
        .formatted(
            threadName(),
            rank,
            id,
            outer,
            outerId,
            rule,
            held,
            rank,
            id,
            opposite == null
                ? "Declared chain: " + Arrays.toString(RANKS)
                : "The other chain: " + opposite.text());
  }

  private static void record(Held held, LockRank rank) {
    for (int i = 0; i < held.count; i++) {
      int index = index(held.ranks[i], rank);
      if (WITNESSES.get(index) == null) {
        WITNESSES.compareAndSet(index, null, new Witness(held.ranks[i], rank, threadName()));
      }
    }
  }

  private static int index(LockRank outer, LockRank inner) {
    return outer.position() * RANKS.length + inner.position();
  }

  private static String threadName() {
    return "thread '" + Thread.currentThread().getName() + "'";
  }
}
