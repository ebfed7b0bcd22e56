package io.faultline.bench;

import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.Tx;
import io.faultline.persistence.replay.JournalReader;
import java.io.IOException;
import java.util.Map;

/**
 * How fast a journal becomes a volume's state again, in events a second: {@code folded}, read and
 * folded by itself, and {@code recovered}, through the recovery that an open does, plugin and
 * behaviour included. A window is the whole journal, whatever time it takes.
 *
 * @param events how many the journal has at least: files made, every second one renamed
 */
record Replaying(int events) implements Windows {
  private static final int DIRECTORIES = 64;

  @Override
  public Session prepare(Target target) throws IOException {
    MemoryVolume volume = MemoryVolume.create(0);
    long files = fill(volume);
    return new Session() {
      private int epoch = 1;

      @Override
      public Map<String, Double> measure(int millis) throws IOException {
        long began = System.nanoTime();
        InodeTable table = new InodeTable();
        long count = fold(volume, table);
        double foldSeconds = (System.nanoTime() - began) / 1e9;
        if (table.size() != 1 + DIRECTORIES + files) {
          throw new WrongDataException(
              "kind=replay-differs saw=%d allowed=%d"
                  .formatted(table.size(), 1 + DIRECTORIES + files));
        }
        epoch++;
        began = System.nanoTime();
        volume.reopen(epoch).close();
        double recoverySeconds = (System.nanoTime() - began) / 1e9;
        return Map.of("folded", count / foldSeconds, "recovered", count / recoverySeconds);
      }

      @Override
      public void close() {}
    };
  }

  /** Returns how many files were made. */
  private long fill(MemoryVolume volume) throws IOException {
    try (volume) {
      for (int i = 0; i < DIRECTORIES; i++) {
        volume.mkdir("/" + i);
      }
      long files = 0;
      while (volume.events() < events) {
        String directory = "/" + files % DIRECTORIES + "/";
        volume.create(directory + files);
        if (files % 2 == 0) {
          volume.rename(directory + files, directory + "renamed-" + files);
        }
        files++;
      }
      return files;
    }
  }

  private static long fold(MemoryVolume volume, InodeTable table) throws IOException {
    long count = 0;
    try (JournalReader reader =
        JournalReader.over(volume.store, volume.identity(Integer.MAX_VALUE), 1, Long.MAX_VALUE)) {
      for (Tx tx = reader.next(); tx != null; tx = reader.next()) {
        for (Event event : tx.events()) {
          table.apply(event);
        }
        count += tx.events().size();
      }
    }
    return count;
  }
}
