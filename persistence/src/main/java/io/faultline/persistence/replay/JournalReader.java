package io.faultline.persistence.replay;

import io.faultline.engine.device.JournalStore;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.journal.Tx;
import io.faultline.persistence.codec.CodecException;
import io.faultline.persistence.codec.TxCodec;
import io.faultline.persistence.segment.JournalAnchor;
import io.faultline.persistence.segment.LogRecord;
import io.faultline.persistence.segment.SegmentScanner;
import io.faultline.persistence.segment.VolumeIdentity;
import io.faultline.persistence.volume.Superblock;
import io.faultline.persistence.volume.VolumeDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The transactions of a volume in their order, of a volume that is closed, open, or was killed.
 * Takes no lock and writes nothing. A torn tail ends it, as does the place up to which a living
 * process has written; damage before that is refused by name. Not thread-safe.
 */
public final class JournalReader implements AutoCloseable {
  private final SegmentScanner scanner;
  private final long fromLsn;
  private final long toLsn;
  private boolean ended;
  private JournalAnchor anchor = JournalAnchor.BEGINNING;
  private boolean atTail;
  private long lastLsn;
  private String place = "";

  private JournalReader(SegmentScanner scanner, long fromLsn, long toLsn) {
    this.scanner = scanner;
    this.fromLsn = fromLsn;
    this.toLsn = toLsn;
  }

  /** All transactions of the volume in {@code directory}. */
  public static JournalReader open(Path directory) throws IOException {
    return open(directory, 1, Long.MAX_VALUE);
  }

  /**
   * The transactions {@code fromLsn} to {@code toLsn}, both included, as far as they exist.
   *
   * @throws FsException as {@link VolumeDirectory#readSuperblock}; ENOENT without a journal
   */
  public static JournalReader open(Path directory, long fromLsn, long toLsn) throws IOException {
    Superblock superblock = VolumeDirectory.readSuperblock(directory);
    return over(
        new ReadOnlyDirectory(VolumeDirectory.journalDirectory(directory)),
        superblock.identity(),
        fromLsn,
        toLsn);
  }

  /** The same for a journal that is no directory, such as one in memory. */
  public static JournalReader over(
      JournalStore store, VolumeIdentity identity, long fromLsn, long toLsn) throws IOException {
    return new JournalReader(SegmentScanner.from(store, identity, fromLsn), fromLsn, toLsn);
  }

  /**
   * The transactions behind {@code anchor}, which the journal must hold, up to {@code toLsn}.
   *
   * @throws FsException as {@link SegmentScanner#behind}
   */
  public static JournalReader behind(
      JournalStore store, VolumeIdentity identity, JournalAnchor anchor, long toLsn)
      throws IOException {
    JournalReader reader =
        new JournalReader(SegmentScanner.behind(store, identity, anchor), anchor.lsn() + 1, toLsn);
    reader.anchor = anchor;
    reader.lastLsn = anchor.lsn();
    return reader;
  }

  /**
   * The next transaction, or null behind the last one.
   *
   * @throws FsException EUCLEAN naming segment, offset and LSN of what is damaged
   */
  public @Nullable Tx next() throws IOException {
    // Nothing behind toLsn is looked at: a living process may be writing it just now.
    while (!ended && lastLsn < toLsn) {
      LogRecord record = scanner.next();
      if (record == null || record.lsn() > toLsn) {
        ended = true;
        atTail = record == null;
      } else if (record.lsn() >= fromLsn) {
        lastLsn = record.lsn();
        anchor = new JournalAnchor(lastLsn, scanner.lastCrc(), record.epoch());
        place = "segment " + record.segment() + " offset " + record.offset();
        return decode(record);
      }
    }
    return null;
  }

  /** The transaction that {@link #next} returned last; 0 before the first. */
  public long lastLsn() {
    return lastLsn;
  }

  /** The place of the transaction that {@link #next} returned last. */
  public JournalAnchor anchor() {
    return anchor;
  }

  /** Where the transaction that {@link #next} returned last, or failed on, is written. */
  public String place() {
    return place;
  }

  /**
   * What is behind the last transaction of the journal and is none: a record that was being written
   * when the power went, or is being written now. Empty if there is no such thing, or if {@link
   * #next} was not asked to the end of the journal.
   */
  public Optional<String> tornTail() {
    if (!atTail) {
      return Optional.empty();
    }
    SegmentScanner.Tail tail = scanner.tail();
    return tail.torn() && !tail.zeros()
        ? Optional.of(
            "segment "
                + tail.tornSegment().orElse(tail.segment())
                + " offset "
                + (tail.tornSegment().isPresent() ? 0 : tail.offset())
                + ": a record that is not complete, behind transaction "
                + tail.lastLsn())
        : Optional.empty();
  }

  private static Tx decode(LogRecord record) throws FsException {
    String where =
        "segment "
            + record.segment()
            + " offset "
            + record.offset()
            + " transaction "
            + record.lsn();
    if (record.serializerId() != TxCodec.SERIALIZER_ID
        || !record.manifest().equals(TxCodec.MANIFEST)) {
      throw new FsException(
          Errno.EUCLEAN,
          "read journal",
          where + ": form " + record.serializerId() + "/" + record.manifest() + " is unknown");
    }
    try {
      return TxCodec.decode(record.payload());
    } catch (CodecException e) {
      throw new FsException(
          Errno.EUCLEAN, "read journal", FsException.NONE, where + ": " + e.getMessage(), e);
    }
  }

  @Override
  public void close() throws IOException {
    scanner.close();
  }
}
