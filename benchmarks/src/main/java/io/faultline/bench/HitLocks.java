package io.faultline.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Objects;

/**
 * {@code locks}, acquisitions of the mapping lock by a cached read, in a JVM that counts them all.
 *
 * @param fileBytes size of the file, a power of two
 */
record HitLocks(long fileBytes) implements Windows {
  private static final int READS = 200_000;

  @Override
  public Session prepare(Target target) throws IOException {
    EngineTarget engine = EngineTarget.of(target);
    PageFile file = PageFile.filled(target, "hits", fileBytes, PageFile.LARGE_WRITES);
    Target.Open open = file.open();
    ByteBuffer buffer = Buffers.apart(Pages.BYTES);
    return new Session() {
      @Override
      public Map<String, Double> measure(int millis) throws IOException {
        file.check(read(open, buffer, file.pages())); // and whatever was not cached is
        long locks = locks(engine);
        long wrong = read(open, buffer, file.pages());
        locks = locks(engine) - locks;
        file.check(wrong);
        return Map.of("locks", locks / (double) READS);
      }

      @Override
      public void close() throws IOException {
        open.close();
        target.unlink(file.name);
      }
    };
  }

  private static long read(Target.Open open, ByteBuffer buffer, int pages) throws IOException {
    long wrong = 0;
    for (int i = 0; i < READS; i++) {
      int page = i & pages - 1;
      wrong |= open.read(buffer.clear(), (long) page * Pages.BYTES) ^ Pages.BYTES;
      wrong |= Pages.difference(buffer, 0, page, 0);
    }
    return wrong;
  }

  private static long locks(EngineTarget engine) {
    return Objects.requireNonNull(engine.volume.metrics().get("mappingLockShared"));
  }
}
