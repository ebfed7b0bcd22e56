package io.faultline.engine.volume;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Commands between their first change to the cache and their event. What such a command has thrown
 * away can neither be written back any more nor be found in the journal yet. Thread-safe.
 */
final class Unpublished {
  private final Set<Mark> marks = ConcurrentHashMap.newKeySet();

  /** One command; closed when it has published, or failed. */
  final class Mark implements AutoCloseable {
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    @Override
    public void close() {
      marks.remove(this);
      ended.complete(null);
    }
  }

  /** To be taken before the first change. */
  Mark mark() {
    Mark mark = new Mark();
    marks.add(mark);
    return mark;
  }

  /**
   * When those that are marked now have all been closed; null if there are none. Later ones are not
   * waited for.
   */
  @Nullable CompletableFuture<Void> ended() {
    CompletableFuture<?>[] open =
        marks.stream().map(mark -> mark.ended).toArray(CompletableFuture<?>[]::new);
    return open.length == 0 ? null : CompletableFuture.allOf(open);
  }
}
