package io.faultline.persistence.segment;

import io.faultline.engine.device.JournalStore;
import io.faultline.engine.errno.FsException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The segments of a journal as files, without a look into them. */
public final class SegmentFiles {
  /**
   * One of them.
   *
   * @param firstLsn its first transaction, as its name says
   * @param bytes its length; that of the last one grows
   */
  public record Segment(String name, long firstLsn, long bytes) {}

  private SegmentFiles() {}

  /**
   * All segments, oldest first.
   *
   * @throws FsException ENOENT when there is no journal
   */
  public static List<Segment> of(JournalStore store) throws IOException {
    List<Segment> segments = new ArrayList<>();
    for (String name : SegmentScanner.segmentsOf(store)) {
      try (JournalStore.JournalFile file = store.open(name, false)) {
        segments.add(new Segment(name, SegmentFormat.firstLsnOf(name), file.length()));
      }
    }
    return segments;
  }
}
