package io.faultline.engine.pagecache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Goal: the policy is where it was said to be among others, and its parts are what put it there.
 * Method: the policy that the page cache uses, and four others, over traces of page numbers; miss
 * rates in percent are compared. A cache of 2,000 pages, a file ten times as large, 200,000
 * accesses; the seeds are fixed, so nothing here can come out differently twice.
 */
class EvictionOrderTest {
  private static final int CACHE = 2_000;
  private static final int FILE = 20_000;
  private static final int ACCESSES = 200_000;

  /** One cache; says whether {@code page} was in it, and brings it in. */
  private interface Cache {
    boolean access(int page);
  }

  private static double misses(Cache cache, int[] trace) {
    int missed = 0;
    for (int page : trace) {
      missed += cache.access(page) ? 0 : 1;
    }
    return 100.0 * missed / trace.length;
  }

  // The caches.

  /** The page cache's policy, over pages that are never dirty. */
  private static final class Ours implements Cache, EvictionPolicy.Pages {
    private final EvictionPolicy policy;
    private final Map<Integer, Integer> frameOf = new HashMap<>();
    private final int[] pageIn = new int[CACHE + 1];
    private final boolean[] referenced = new boolean[CACHE + 1];
    private final int[] victim = new int[1];
    private int used;

    Ours() {
      this.policy = new EvictionPolicy(CACHE, this);
    }

    Ours(int ghosts, int window) {
      this.policy = new EvictionPolicy(CACHE, this, ghosts, window);
    }

    @Override
    public boolean access(int page) {
      Integer known = frameOf.get(page);
      if (known != null) {
        referenced[known] = true;
        return true;
      }
      int frame = used < CACHE ? ++used : evicted();
      pageIn[frame] = page;
      referenced[frame] = false;
      frameOf.put(page, frame);
      policy.inserted(frame, true, true);
      return false;
    }

    private int evicted() {
      int found = 0;
      while (found == 0) {
        found = policy.evict(victim, 1);
      }
      assertThat(found).isEqualTo(1);
      return victim[0];
    }

    @Override
    public Answer evict(int frame, boolean spareReferenced) {
      if (referenced[frame] && spareReferenced) {
        referenced[frame] = false;
        return Answer.REFERENCED;
      }
      frameOf.remove(pageIn[frame]);
      return Answer.EVICTED;
    }

    @Override
    public boolean takeReference(int frame) {
      boolean was = referenced[frame];
      referenced[frame] = false;
      return was;
    }

    @Override
    public long identity(int frame) {
      return pageIn[frame] * 0x9E3779B97F4A7C15L;
    }
  }

  private static final class Lru extends LinkedHashMap<Integer, Integer> implements Cache {
    private static final long serialVersionUID = 1;
    private final int capacity;

    Lru(int capacity) {
      super(16, 0.75f, true);
      this.capacity = capacity;
    }

    @Override
    public boolean access(int page) {
      return put(page, page) != null;
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<Integer, Integer> eldest) {
      return size() > capacity;
    }
  }

  /** Second chance; SIEVE is the same without the requeueing. */
  private static final class Clock implements Cache {
    private final Map<Integer, boolean[]> used = new HashMap<>();
    private final ArrayDeque<Integer> queue = new ArrayDeque<>();

    @Override
    public boolean access(int page) {
      boolean[] known = used.get(page);
      if (known != null) {
        known[0] = true;
        return true;
      }
      while (queue.size() >= CACHE) {
        int head = queue.remove();
        boolean[] bit = Objects.requireNonNull(used.get(head));
        if (bit[0]) {
          bit[0] = false;
          queue.add(head);
        } else {
          used.remove(head);
        }
      }
      queue.add(page);
      used.put(page, new boolean[1]);
      return false;
    }
  }

  private static final class Sieve implements Cache {
    private static final class Node {
      final int page;
      boolean visited;
      Node newer = this;
      Node older = this;

      Node(int page) {
        this.page = page;
      }
    }

    private final Map<Integer, Node> nodes = new HashMap<>();
    private final Node anchor = new Node(-1);
    private Node hand = anchor;

    @Override
    public boolean access(int page) {
      Node known = nodes.get(page);
      if (known != null) {
        known.visited = true;
        return true;
      }
      if (nodes.size() >= CACHE) {
        evict();
      }
      Node node = new Node(page);
      node.older = anchor.older;
      node.newer = anchor;
      anchor.older.newer = node;
      anchor.older = node;
      nodes.put(page, node);
      return false;
    }

    /** The anchor's older side is the newest node, its newer side the oldest. */
    private void evict() {
      Node at = hand == anchor ? anchor.newer : hand;
      while (at.visited) {
        at.visited = false;
        at = at.newer == anchor ? anchor.newer : at.newer;
      }
      hand = at.newer;
      at.older.newer = at.newer;
      at.newer.older = at.older;
      nodes.remove(at.page);
    }
  }

  /** Full 2Q with the sizes its authors propose: A1in a quarter, A1out half. */
  private static final class TwoQ implements Cache {
    private final LinkedHashSet<Integer> in = new LinkedHashSet<>();
    private final LinkedHashSet<Integer> out = new LinkedHashSet<>();
    private final LinkedHashSet<Integer> main = new LinkedHashSet<>();

    @Override
    public boolean access(int page) {
      if (main.remove(page)) {
        main.add(page);
        return true;
      }
      if (in.contains(page)) {
        return true;
      }
      boolean remembered = out.remove(page);
      if (in.size() + main.size() >= CACHE) {
        if (in.size() > CACHE / 4 || main.isEmpty()) {
          int head = in.removeFirst();
          out.add(head);
          if (out.size() > CACHE / 2) {
            out.removeFirst();
          }
        } else {
          main.removeFirst();
        }
      }
      (remembered ? main : in).add(page);
      return false;
    }
  }

  private static List<Cache> rivals() {
    return List.of(new Lru(CACHE), new Clock(), new Sieve(), new TwoQ());
  }

  // The traces.

  /** Ranks of a Zipf distribution with exponent 0.9, the most frequent first. */
  private static final class Zipf {
    private final double[] sums = new double[FILE];

    Zipf() {
      double sum = 0;
      for (int rank = 0; rank < FILE; rank++) {
        sum += Math.pow(rank + 1, -0.9);
        sums[rank] = sum;
      }
    }

    int next(SplittableRandom random) {
      int at = Arrays.binarySearch(sums, random.nextDouble() * sums[FILE - 1]);
      return Math.min(FILE - 1, at < 0 ? -at - 1 : at);
    }
  }

  private static final Zipf ZIPF = new Zipf();

  private static int[] zipf() {
    SplittableRandom random = new SplittableRandom(1);
    return IntStream.generate(() -> ZIPF.next(random)).limit(ACCESSES).toArray();
  }

  /** Every second access goes on with a scan of pages nobody wants twice, in calls of a part. */
  private static int[] zipfAndScan(int callsPerPage) {
    SplittableRandom random = new SplittableRandom(2);
    int[] trace = new int[ACCESSES];
    int scanned = 0;
    for (int i = 0; i < ACCESSES; i++) {
      trace[i] = random.nextBoolean() ? ZIPF.next(random) : FILE + scanned++ / callsPerPage;
    }
    return trace;
  }

  private static int[] loop() {
    int[] trace = new int[ACCESSES];
    for (int i = 0; i < ACCESSES; i++) {
      trace[i] = i % (CACHE * 3 / 2);
    }
    return trace;
  }

  /** Ten times in the trace what is wanted most becomes something else. */
  private static int[] drift() {
    SplittableRandom random = new SplittableRandom(3);
    int[] trace = new int[ACCESSES];
    for (int i = 0; i < ACCESSES; i++) {
      trace[i] = (ZIPF.next(random) + i / 20_000 * 1_000) % FILE;
    }
    return trace;
  }

  // What is claimed (miss rates, in percent).

  private static double best(int[] trace) {
    return rivals().stream().mapToDouble(cache -> misses(cache, trace)).min().orElseThrow();
  }

  private static void requireFewPagesReadAgainInALoop(Cache ours) {
    int[] trace = loop();
    assertThat(misses(new Lru(CACHE), trace)).isEqualTo(100);
    assertThat(misses(new Clock(), trace)).isEqualTo(100);
    assertThat(misses(new Sieve(), trace)).isEqualTo(100);
    assertThat(misses(ours, trace)).isLessThan(misses(new TwoQ(), trace) + 5);
  }

  private static void requireSeveralCallsForAPageToCountAsOne(Cache ours) {
    int[] trace = zipfAndScan(4);
    assertThat(misses(ours, trace)).isLessThan(best(trace) - 0.5);
  }

  @Test
  void aSkewedLoadIsWithinTwoPointsOfTheBestAndFivePointsUnderClock() {
    int[] trace = zipf();
    double ours = misses(new Ours(), trace);
    assertThat(ours).isLessThan(best(trace) + 1.7);
    assertThat(ours).isLessThan(misses(new Clock(), trace) - 4);
    assertThat(ours).isLessThan(misses(new Lru(CACHE), trace) - 5);
  }

  @Test
  void pagesOfAScanPushOutNobody() {
    int[] trace = zipfAndScan(1);
    double ours = misses(new Ours(), trace);
    assertThat(ours).isLessThan(best(trace));
    assertThat(ours).isLessThan(misses(new Clock(), trace) - 7);
    assertThat(ours).isLessThan(misses(new Lru(CACHE), trace) - 7);
  }

  @Test
  void severalCallsForAPageCountAsOne() {
    requireSeveralCallsForAPageToCountAsOne(new Ours());
  }

  @Test
  void withoutTheCorrelationWindowTheyCountAsMany() {
    Cache windowless = new Ours(CACHE, 0);
    assertThatThrownBy(() -> requireSeveralCallsForAPageToCountAsOne(windowless))
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void halfOfALoopStaysThoughItIsLargerThanTheCache() {
    requireFewPagesReadAgainInALoop(new Ours());
  }

  @Test
  void withoutTheGhostALoopMissesEveryTime() {
    Cache forgetful = new Ours(0, CACHE / 20);
    assertThatThrownBy(() -> requireFewPagesReadAgainInALoop(forgetful))
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void whatIsWantedNoLongerGoes() {
    int[] trace = drift();
    double ours = misses(new Ours(), trace);
    assertThat(ours).isLessThan(best(trace));
    assertThat(ours).isLessThan(misses(new Sieve(), trace) - 5);
  }
}
