package io.faultline.persistence.history;

import io.faultline.engine.journal.Tx;
import io.faultline.persistence.replay.EventSource;
import io.faultline.persistence.replay.JournalReader;
import io.faultline.persistence.replay.ReadOnlyDirectory;
import io.faultline.persistence.segment.SegmentScanner;
import io.faultline.persistence.volume.VolumeDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The transactions of a volume's directory as a source of events. Writes nothing. */
final class JournalSource implements EventSource<Tx> {
  private final Path directory;
  private Optional<String> tornTail = Optional.empty();
  private Optional<Place> lastRead = Optional.empty();

  /** Where a transaction is written. */
  record Place(long lsn, String text) {}

  JournalSource(Path directory) {
    this.directory = directory;
  }

  @Override
  public Cursor<Tx> from(long lsn) throws IOException {
    JournalReader reader = JournalReader.open(directory, lsn, Long.MAX_VALUE);
    return new Cursor<>() {
      @Override
      public @Nullable Entry<Tx> next() throws IOException {
        Tx tx = reader.next();
        if (tx == null) {
          tornTail = reader.tornTail();
          return null;
        }
        lastRead = Optional.of(new Place(tx.lsn(), reader.place()));
        return new Entry<>(tx.lsn(), tx);
      }

      @Override
      public void close() throws IOException {
        reader.close();
      }
    };
  }

  @Override
  public long firstLsn() throws IOException {
    return SegmentScanner.firstLsn(
        new ReadOnlyDirectory(VolumeDirectory.journalDirectory(directory)));
  }

  /** What was behind the last transaction when the end was last looked at. */
  Optional<String> tornTail() {
    return tornTail;
  }

  /** Where transaction {@code lsn} is written; empty if another one was read last. */
  Optional<String> placeOf(long lsn) {
    return lastRead.filter(place -> place.lsn() == lsn).map(Place::text);
  }
}
