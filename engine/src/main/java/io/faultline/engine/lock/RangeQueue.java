package io.faultline.engine.lock;

import io.faultline.engine.runtime.Check;
import io.faultline.engine.runtime.Checks;
import io.faultline.engine.runtime.Invariant;
import org.jspecify.annotations.Nullable;

/**
 * Requests for ranges of one inode's pages, in order of arrival. A request waits for every earlier
 * one it conflicts with, granted or not, and for nobody else: it is never overtaken by one that
 * stands in its way, and the requests before it are a bound on its wait (invariant I11).
 *
 * <p>Two requests conflict if their ranges overlap and at least one is exclusive. The list is
 * scanned, which is right for the few requests that one inode has at a time.
 *
 * <p>Guarded by its owner's mutex, except {@link Node#blockers}, which the waiting thread reads.
 */
final class RangeQueue {
  private @Nullable Node first;
  private @Nullable Node last;
  private long handles;

  /** One request, from its arrival to its release. */
  static final class Node {
    final long from;
    final long to;
    final boolean exclusive;
    final @Nullable Thread thread;
    final @Nullable Runnable callback;
    private @Nullable Node previous;
    private @Nullable Node next;

    /** Unlike that of any other request of its queue. */
    private long handle;

    /** The next of those whose wait ended with the same {@link RangeQueue#remove}. */
    @Nullable Node nextGranted;

    /** Earlier conflicting requests that are still there; written under the owner's mutex only. */
    volatile int blockers;

    Node(
        long from,
        long to,
        boolean exclusive,
        @Nullable Thread thread,
        @Nullable Runnable callback) {
      this.from = from;
      this.to = to;
      this.exclusive = exclusive;
      this.thread = thread;
      this.callback = callback;
    }

    boolean granted() {
      return blockers == 0;
    }

    long handle() {
      return handle;
    }

    private boolean conflicts(Node other) {
      return (exclusive || other.exclusive) && from < other.to && other.from < to;
    }

    @Override
    public String toString() {
      return "%s%s %s"
          .formatted(
              granted() ? "" : "wanted ",
              exclusive ? "exclusive" : "shared",
              new PageRange(from, to));
    }
  }

  /** Appends a request and counts what it has to wait for. */
  void add(Node node) {
    insert(node, null);
  }

  /** A deliberate fault: the request passes those that wait ({@link LockMutant}). */
  void addBeforeQueued(Node node) {
    Node waiting = first;
    while (waiting != null && waiting.granted()) {
      waiting = waiting.next;
    }
    insert(node, waiting);
  }

  private void insert(Node node, @Nullable Node after) {
    int blockers = 0;
    for (Node earlier = first; earlier != null && earlier != after; earlier = earlier.next) {
      if (earlier.conflicts(node)) {
        blockers++;
      }
    }
    node.blockers = blockers;
    node.handle = ++handles;
    Node before = after == null ? last : after.previous;
    node.previous = before;
    node.next = after;
    if (before == null) {
      first = node;
    } else {
      before.next = node;
    }
    if (after == null) {
      last = node;
    } else {
      after.previous = node;
    }
    for (Node passed = after; passed != null; passed = passed.next) {
      if (passed.conflicts(node)) {
        if (Checks.ON) {
          Invariant.I11.broken(node + " passes " + passed + ", which waits");
        }
        int more = passed.blockers + 1;
        passed.blockers = more;
      }
    }
  }

  /**
   * Removes a granted request.
   *
   * @return the first of those that need wait no longer, linked by {@link Node#nextGranted}, in
   *     order of arrival
   */
  @Nullable Node remove(Node node) {
    Check.that(node.granted(), "pages [%s, %s) are released but not held", node.from, node.to);
    Node head = null;
    Node tail = null;
    for (Node later = node.next; later != null; later = later.next) {
      if (later.conflicts(node)) {
        int left = later.blockers - 1;
        if (left == 0) {
          if (tail == null) {
            head = later;
          } else {
            tail.nextGranted = later;
          }
          tail = later;
        }
        // The waiter may go on from here; what it reads of its node is this field only.
        later.blockers = left;
      }
    }
    Node before = node.previous;
    Node after = node.next;
    if (before == null) {
      first = after;
    } else {
      before.next = after;
    }
    if (after == null) {
      last = before;
    } else {
      after.previous = before;
    }
    return head;
  }

  /** The granted request of this handle; null if there is none. */
  @Nullable Node granted(long handle) {
    for (Node node = first; node != null; node = node.next) {
      if (node.handle == handle && node.granted()) {
        return node;
      }
    }
    return null;
  }

  /** A granted request for exactly this range; null if there is none. */
  @Nullable Node granted(long from, long to, boolean exclusive) {
    for (Node node = first; node != null; node = node.next) {
      if (node.exclusive == exclusive && node.from == from && node.to == to && node.granted()) {
        return node;
      }
    }
    return null;
  }

  /** Whether one granted exclusive covers {@code [from, to)}. */
  boolean coveredExclusive(long from, long to) {
    for (Node node = first; node != null; node = node.next) {
      if (node.exclusive && node.from <= from && to <= node.to && node.granted()) {
        return true;
      }
    }
    return false;
  }

  /** Whether any exclusive is granted. */
  boolean anyExclusive() {
    for (Node node = first; node != null; node = node.next) {
      if (node.exclusive && node.granted()) {
        return true;
      }
    }
    return false;
  }

  /** The smallest first page of an exclusive, granted or queued, in {@code (from, to)}; or to. */
  long nextExclusive(long from, long to) {
    long end = to;
    for (Node node = first; node != null; node = node.next) {
      if (node.exclusive && node.from > from) {
        end = Math.min(end, node.from);
      }
    }
    return end;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (Node node = first; node != null; node = node.next) {
      text.append(text.isEmpty() ? "" : ", ").append(node);
    }
    return text.isEmpty() ? "free" : text.toString();
  }
}
