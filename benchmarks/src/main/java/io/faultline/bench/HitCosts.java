package io.faultline.bench;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * What cached reads take besides time: {@code allocated} bytes of heap a read and, in a JVM that
 * counts them all, {@code locks}, acquisitions of the mapping lock a read.
 *
 * @param fileBytes size of the file, a power of two
 */
record HitCosts(long fileBytes) implements Work {
  private static final int READS = 200_000;

  @Override
  public Session prepare(Target target) throws IOException {
    PageFile file = PageFile.filled(target, "hits", fileBytes, PageFile.LARGE_WRITES);
    Target.Open open = file.open();
    ByteBuffer buffer = Buffers.apart(Pages.BYTES);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    return new Session() {
      @Override
      public Map<String, Double> measure(int millis) throws IOException {
        file.check(read(open, buffer, file.pages())); // and whatever was not cached is
        Map<String, Double> figures = new HashMap<>();
        long locks = locks(target);
        long bytes = threads.getCurrentThreadAllocatedBytes();
        long wrong = read(open, buffer, file.pages());
        figures.put(
            "allocated", (threads.getCurrentThreadAllocatedBytes() - bytes) / (double) READS);
        figures.put("locks", (locks(target) - locks) / (double) READS);
        file.check(wrong);
        return figures;
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

  private static long locks(Target target) {
    return target instanceof EngineTarget engine
        ? Objects.requireNonNull(engine.volume.metrics().get("mappingLockShared"))
        : 0;
  }
}
