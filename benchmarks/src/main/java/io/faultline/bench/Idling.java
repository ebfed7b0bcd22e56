package io.faultline.bench;

import java.io.IOException;
import java.util.Map;

/** What a volume does in a second in which nobody asks it for anything. */
record Idling() implements Windows {
  private static final int MILLIS = 1000;
  private static final long SYNC_NANOS = 200_000;

  @Override
  public boolean once() {
    return true;
  }

  @Override
  public Session prepare(Target target) throws IOException {
    MemoryVolume volume = MemoryVolume.create(SYNC_NANOS);
    volume.createAndSync("/file");
    volume.sync();
    return new Session() {
      @Override
      public Map<String, Double> measure(int millis) throws IOException {
        long commits = volume.commits();
        long bytes = volume.store.bytes.sum();
        long syncs = syncs(volume);
        try {
          Thread.sleep(MILLIS);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new IOException("interrupted", e);
        }
        return Map.of(
            "commits",
            (double) (volume.commits() - commits),
            "journalBytes",
            (double) (volume.store.bytes.sum() - bytes),
            "syncs",
            (double) (syncs(volume) - syncs));
      }

      @Override
      public void close() throws IOException {
        volume.close();
      }
    };
  }

  private static long syncs(MemoryVolume volume) {
    return volume.store.syncs.sum() + volume.image.flushes();
  }
}
