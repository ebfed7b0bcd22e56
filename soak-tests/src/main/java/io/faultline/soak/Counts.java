package io.faultline.soak;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/** How often each kind of operation was done, and what went with it. Thread-safe. */
final class Counts {
  private final Map<OpKind, LongAdder> done = new EnumMap<>(OpKind.class);

  /** Bytes that reads returned and the oracle, or the host, agreed with. */
  final LongAdder bytesVerified = new LongAdder();

  /** Operations that were refused for lack of space. */
  final LongAdder noSpace = new LongAdder();

  /** Steps of the work before and after the load; a watch looks at them. */
  final LongAdder steps = new LongAdder();

  Counts() {
    // Complete from the start: afterwards the map is only read.
    for (OpKind kind : OpKind.values()) {
      done.put(kind, new LongAdder());
    }
  }

  void count(OpKind kind) {
    counter(kind).increment();
  }

  long of(OpKind kind) {
    return counter(kind).sum();
  }

  private LongAdder counter(OpKind kind) {
    return Objects.requireNonNull(done.get(kind));
  }

  long operations() {
    long sum = 0;
    for (LongAdder one : done.values()) {
      sum += one.sum();
    }
    return sum;
  }

  /** Changes whenever anything at all was finished. */
  long progress() {
    return operations() + noSpace.sum() + steps.sum();
  }
}
