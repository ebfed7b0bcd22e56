package io.faultline.engine.lock;

import io.faultline.engine.runtime.Invariant;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * What was waited for while what was held, as a graph over (rank, role) and {@link LockWait}. An
 * edge that would close a cycle is refused: whoever makes it could wait for himself. Edges inside
 * one rank are left out, since its ids order them.
 *
 * <p>Thread-safe; asking for a known edge is one volatile read.
 */
@SuppressWarnings("EnumOrdinal") // two enums make up the columns of one matrix that nobody keeps
final class LockGraph {
  private static final LockRank[] RANKS = LockRank.values();
  private static final LockRole[] ROLES = LockRole.values();
  private static final LockWait[] WAITS = LockWait.values();
  private static final List<LockRole> ROLE_LIST = List.of(ROLES);
  private static final List<LockWait> WAIT_LIST = List.of(WAITS);
  private static final int LOCKS = RANKS.length * ROLES.length;
  static final int NODES = LOCKS + WAITS.length;

  private final AtomicReferenceArray<@Nullable Witness> edges =
      new AtomicReferenceArray<>(NODES * NODES);

  static final class Witness extends Throwable {
    private static final long serialVersionUID = 1L;

    Witness(String text) {
      super(text);
    }

    String text() {
      StringWriter text = new StringWriter();
      printStackTrace(new PrintWriter(text, true));
      return text.toString();
    }
  }

  static int node(LockRank rank, LockRole role) {
    return rank.position() * ROLES.length + ROLE_LIST.indexOf(role);
  }

  static int node(LockWait wait) {
    return LOCKS + WAIT_LIST.indexOf(wait);
  }

  static @Nullable LockRank rank(int node) {
    return node < LOCKS ? RANKS[node / ROLES.length] : null;
  }

  static String name(int node) {
    return node < LOCKS
        ? RANKS[node / ROLES.length] + "/" + ROLES[node % ROLES.length]
        : WAITS[node - LOCKS].name();
  }

  @Nullable Witness witness(int outer, int inner) {
    return edges.get(outer * NODES + inner);
  }

  /**
   * Adds an edge seen by this thread.
   *
   * @param chain what the thread holds, for the message
   * @throws io.faultline.engine.runtime.EngineFailure I10, naming both chains, if it closes a cycle
   */
  void add(int outer, int inner, String chain) {
    Invariant.I10.held();
    if (edges.get(outer * NODES + inner) != null) {
      return;
    }
    Witness witness =
        new Witness(
            name(inner)
                + " taken under "
                + name(outer)
                + " by thread '"
                + Thread.currentThread().getName()
                + "'");
    synchronized (this) {
      List<Integer> back = sameRank(outer, inner) ? List.of() : path(inner, outer);
      if (!back.isEmpty()) {
        Invariant.I10.broken(cycle(outer, inner, chain, witness, back));
        return;
      }
      edges.set(outer * NODES + inner, witness);
    }
  }

  private static boolean sameRank(int outer, int inner) {
    return outer < LOCKS && rank(outer) == rank(inner);
  }

  /** The nodes from {@code from} to {@code to} along edges; empty if there is no way. */
  private List<Integer> path(int from, int to) {
    int[] cameFrom = new int[NODES];
    Arrays.fill(cameFrom, -1);
    cameFrom[from] = from;
    List<Integer> reached = new ArrayList<>(List.of(from));
    for (int k = 0; k < reached.size() && cameFrom[to] < 0; k++) {
      int at = reached.get(k);
      for (int next = 0; next < NODES; next++) {
        boolean edge = witness(at, next) != null && !sameRank(at, next);
        if (edge && cameFrom[next] < 0) {
          cameFrom[next] = at;
          reached.add(next);
        }
      }
    }
    if (cameFrom[to] < 0) {
      return List.of();
    }
    List<Integer> path = new ArrayList<>(List.of(to));
    while (path.getFirst() != from) {
      path.addFirst(cameFrom[path.getFirst()]);
    }
    return path;
  }

  private String cycle(int outer, int inner, String chain, Witness here, List<Integer> back) {
    StringBuilder text = new StringBuilder("a cycle: ");
    text.append(name(outer)).append(" -> ").append(name(inner));
    for (int k = 1; k < back.size(); k++) {
      text.append(" -> ").append(name(back.get(k)));
    }
    text.append(".\nChain of this thread: ").append(chain).append(" -> ").append(name(inner));
    text.append('\n').append(here.text()).append("The other chain: ");
    for (int k = 1; k < back.size(); k++) {
      Witness witness = witness(back.get(k - 1), back.get(k));
      text.append(witness == null ? "" : witness.text());
    }
    return text.toString();
  }

  /** All edges as {@code A -> B}, sorted. */
  List<String> text() {
    List<String> text = new ArrayList<>();
    for (int outer = 0; outer < NODES; outer++) {
      for (int inner = 0; inner < NODES; inner++) {
        if (witness(outer, inner) != null) {
          text.add(name(outer) + " -> " + name(inner));
        }
      }
    }
    text.sort(null);
    return text;
  }
}
