package io.faultline.bench;

import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.Tx;
import io.faultline.persistence.replay.JournalReader;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * How fast a journal becomes a volume's state again: read and folded by itself, and through the
 * recovery that an open does, plugin and behaviour included.
 */
final class ReplayRow {
  private static final int DIRECTORIES = 64;

  private final MemoryVolume volume;
  private final long files;

  /** Events in the journal; known after the first fold. */
  long events;

  final List<Double> folded = new ArrayList<>();
  final List<Double> recovered = new ArrayList<>();

  private ReplayRow(MemoryVolume volume, long files) {
    this.volume = volume;
    this.files = files;
  }

  /** Makes a journal of at least {@code events} events: files made, every second one renamed. */
  static ReplayRow prepare(int events) throws IOException {
    MemoryVolume volume = MemoryVolume.create(0);
    try {
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
      return new ReplayRow(volume, files);
    } finally {
      volume.close();
    }
  }

  /** One round; rounds below 0 warm up. */
  void measure(int round) throws IOException {
    VolumeIdentity identity = volume.identity(Integer.MAX_VALUE);
    long began = System.nanoTime();
    InodeTable table = new InodeTable();
    long count = 0;
    try (JournalReader reader = JournalReader.over(volume.store, identity, 1, Long.MAX_VALUE)) {
      for (Tx tx = reader.next(); tx != null; tx = reader.next()) {
        for (Event event : tx.events()) {
          table.apply(event);
        }
        count += tx.events().size();
      }
    }
    double foldSeconds = (System.nanoTime() - began) / 1e9;
    events = count;
    if (table.size() != 1 + DIRECTORIES + files) {
      throw new WrongDataException(
          "kind=replay-differs saw=%d allowed=%d".formatted(table.size(), 1 + DIRECTORIES + files));
    }
    began = System.nanoTime();
    volume.reopen(2 + round + 1).close();
    double recoverySeconds = (System.nanoTime() - began) / 1e9;
    if (round >= 0) {
      folded.add(count / foldSeconds);
      recovered.add(count / recoverySeconds);
    }
  }
}
