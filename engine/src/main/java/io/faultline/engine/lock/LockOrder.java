package io.faultline.engine.lock;

import io.faultline.engine.runtime.Checks;
import io.faultline.engine.runtime.EngineFailure;
import io.faultline.engine.runtime.Invariant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
  private static volatile LockGraph graph = new LockGraph();

  private LockOrder() {}

  /**
   * One nesting that happened.
   *
   * @param outer the rank held
   * @param inner the rank taken under it
   * @param witness the first place where that happened, as a stack trace
   */
  public record Edge(LockRank outer, LockRank inner, String witness) {}

  /** The locks and debts of one thread, in the order they were taken. */
  private static final class Held {
    private int[] nodes = new int[8];
    private long[] ids = new long[8];
    private int count;

    void push(int node, long id) {
      if (count == ids.length) {
        nodes = Arrays.copyOf(nodes, 2 * count);
        ids = Arrays.copyOf(ids, 2 * count);
      }
      nodes[count] = node;
      ids[count] = id;
      count++;
    }

    private boolean is(int i, LockRank rank, long id) {
      return LockGraph.rank(nodes[i]) == rank && ids[i] == id;
    }

    private void cut(int i) {
      System.arraycopy(nodes, i + 1, nodes, i, count - i - 1);
      System.arraycopy(ids, i + 1, ids, i, count - i - 1);
      count--;
    }

    /** Removes the newest matching entry: locks need not be released in reverse order. */
    boolean remove(LockRank rank, long id) {
      for (int i = count - 1; i >= 0; i--) {
        if (is(i, rank, id)) {
          cut(i);
          return true;
        }
      }
      return false;
    }

    void removeDebt(int node) {
      for (int i = count - 1; i >= 0; i--) {
        if (nodes[i] == node) {
          cut(i);
          return;
        }
      }
    }

    boolean contains(LockRank rank, long id) {
      for (int i = 0; i < count; i++) {
        if (is(i, rank, id)) {
          return true;
        }
      }
      return false;
    }

    boolean holdsLock() {
      for (int i = 0; i < count; i++) {
        if (LockGraph.rank(nodes[i]) != null) {
          return true;
        }
      }
      return false;
    }

    @Override
    public String toString() {
      StringBuilder chain = new StringBuilder();
      for (int i = 0; i < count; i++) {
        LockRank rank = LockGraph.rank(nodes[i]);
        chain.append(i == 0 ? "" : " -> ");
        chain.append(rank == null ? LockGraph.name(nodes[i]) : rank + " " + ids[i]);
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
      acquired(rank, usualRole(rank), id);
    }
  }

  /**
   * As {@link #acquired(LockRank, long)}, for a lock whose role its rank does not tell.
   *
   * @param rank of the lock
   * @param role of what it belongs to
   * @param id of the lock within its rank
   */
  public static void acquired(LockRank rank, LockRole role, long id) {
    if (Checks.ON) {
      Held held = HELD.get();
      checkAgainst(held, rank, id);
      int node = LockGraph.node(rank, role);
      record(held, node);
      held.push(node, id);
    }
  }

  private static LockRole usualRole(LockRank rank) {
    return switch (rank) {
      case RENAME, ALLOCATION_GROUP, RUNNING_TRANSACTION -> LockRole.VOLUME;
      default -> LockRole.DATA_FILE;
    };
  }

  /**
   * This thread is about to wait for something that is no lock.
   *
   * @param wait what
   * @throws EngineFailure I10, naming both chains, when who is to end that wait may be waiting for
   *     something this thread holds
   */
  public static void waits(LockWait wait) {
    if (Checks.ON) {
      record(HELD.get(), LockGraph.node(wait));
    }
  }

  /**
   * This thread is about to wait until a lock is free that it may then not take.
   *
   * @param rank of the lock
   * @param id of the lock within its rank
   * @throws EngineFailure I10, as for taking it
   */
  public static void waits(LockRank rank, long id) {
    if (Checks.ON) {
      Held held = HELD.get();
      checkAgainst(held, rank, id);
      record(held, LockGraph.node(rank, usualRole(rank)));
    }
  }

  /**
   * From here until {@link #paid} others may wait for this thread to end {@code wait}.
   *
   * @param wait what this thread will end
   */
  public static void owes(LockWait wait) {
    if (Checks.ON) {
      HELD.get().push(LockGraph.node(wait), 0);
    }
  }

  /**
   * The debt is paid, or another thread has taken it over.
   *
   * @param wait what {@link #owes} named; nothing happens if this thread does not owe it
   */
  public static void paid(LockWait wait) {
    if (Checks.ON) {
      HELD.get().removeDebt(LockGraph.node(wait));
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
      HELD.get().push(LockGraph.node(rank, usualRole(rank)), id);
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
        Invariant.I10.broken(
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
      if (held.holdsLock()) {
        Invariant.I10.broken(what + " while " + threadName() + " holds " + held);
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
        LockRank rank = LockGraph.rank(held.nodes[i]);
        if (rank != null && rank.position() < outermostAllowed.position()) {
          Invariant.I10.broken(what + " while " + threadName() + " holds " + held);
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
        Invariant.I10.broken(
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
   * As {@link #assertHeldExclusive(PhaseFairLock, String)} for pages of a file: the assertion that
   * the series announced for "when all filesystems are converted".
   *
   * @param guard of the file
   * @param from first page
   * @param to end of the range
   * @param what is about to happen, for the message
   * @throws EngineFailure when no destroyer holds all of the range, or not this thread
   */
  public static void assertHeldExclusive(CacheGuard guard, long from, long to, String what) {
    if (!guard.heldExclusive(from, to)) {
      throw new EngineFailure(
          "%s needs pages %s exclusive, but there is: %s"
              .formatted(what, new PageRange(from, to), guard));
    }
    assertHeld(guard.rank(), guard.ino(), what);
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
        LockGraph.Witness witness = witness(outer, inner);
        if (witness != null) {
          edges.add(new Edge(outer, inner, witness.text()));
        }
      }
    }
    return edges;
  }

  /**
   * The whole graph seen so far in this JVM: locks by rank and role, drains and barriers.
   *
   * @return {@code outer -> inner}, sorted; empty without checks
   */
  public static List<String> graph() {
    return graph.text();
  }

  /** Replaces the graph, so that a test may plant edges; returns the one before. */
  static LockGraph use(LockGraph next) {
    LockGraph before = graph;
    graph = next;
    return before;
  }

  private static LockGraph.@Nullable Witness witness(LockRank outer, LockRank inner) {
    for (LockRole o : LockRole.values()) {
      for (LockRole i : LockRole.values()) {
        LockGraph.Witness found = graph.witness(LockGraph.node(outer, o), LockGraph.node(inner, i));
        if (found != null) {
          return found;
        }
      }
    }
    return null;
  }

  private static void checkAgainst(Held held, LockRank rank, long id) {
    for (int i = 0; i < held.count; i++) {
      LockRank outer = LockGraph.rank(held.nodes[i]);
      if (outer == null) {
        continue;
      }
      boolean allowed =
          outer.position() < rank.position()
              || (outer == rank && rank.ascending() && held.ids[i] < id);
      if (!allowed) {
        Invariant.I10.broken(violation(held, outer, held.ids[i], rank, id));
      }
    }
  }

  private static String violation(Held held, LockRank outer, long outerId, LockRank rank, long id) {
    LockGraph.Witness opposite = outer == rank ? null : witness(rank, outer);
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

  private static void record(Held held, int node) {
    LockGraph seen = graph;
    for (int i = 0; i < held.count; i++) {
      if (seen.witness(held.nodes[i], node) == null) {
        seen.add(held.nodes[i], node, held.toString());
      }
    }
    Invariant.I10.held();
  }

  private static String threadName() {
    return "thread '" + Thread.currentThread().getName() + "'";
  }
}
