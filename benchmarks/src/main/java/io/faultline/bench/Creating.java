package io.faultline.bench;

import java.io.IOException;
import java.util.Map;

/**
 * Files made, each synced, by many callers on a volume over memory in which a sync takes time.
 * {@code perSecond} is how many, {@code perSync} how many of them share a sync. All are looked for
 * after the volume was opened again.
 *
 * @param virtual whether the callers are virtual threads
 */
record Creating(boolean virtual) implements Windows {
  private static final int CALLERS = 64;
  private static final long SYNC_NANOS = 200_000;

  @Override
  public Session prepare(Target target) throws IOException {
    MemoryVolume volume = MemoryVolume.create(SYNC_NANOS);
    for (int caller = 0; caller < CALLERS; caller++) {
      volume.mkdir("/" + caller);
    }
    long[] made = new long[CALLERS];
    return new Session() {
      @Override
      public Map<String, Double> measure(int millis) throws IOException {
        long syncs = volume.store.syncs.sum();
        long synced = volume.store.syncedNanos.sum();
        Callers.Sample sample =
            Callers.run(
                virtual ? Thread.ofVirtual().factory() : Thread.ofPlatform().daemon().factory(),
                CALLERS,
                millis,
                (caller, n) -> {
                  volume.createAndSync("/" + caller + "/" + made[caller]);
                  made[caller]++;
                });
        double took = volume.store.syncs.sum() - syncs;
        return Map.of(
            "perSecond",
            sample.perSecond(),
            "perSync",
            sample.nanos().getTotalCount() / took,
            "syncMicros",
            (volume.store.syncedNanos.sum() - synced) / 1e3 / took);
      }

      @Override
      public void close() throws IOException {
        volume.close();
        try (MemoryVolume again = volume.reopen(2)) {
          for (int caller = 0; caller < CALLERS; caller++) {
            for (long n = 0; n < made[caller]; n++) {
              if (!again.has("/" + caller + "/" + n)) {
                throw new WrongDataException(
                    "kind=synced-create-lost file=/%d/%d".formatted(caller, n));
              }
            }
          }
        }
      }
    };
  }
}
