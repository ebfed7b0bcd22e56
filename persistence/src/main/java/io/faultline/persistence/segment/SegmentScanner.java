package io.faultline.persistence.segment;

import io.faultline.engine.device.JournalStore;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.runtime.Mutant;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reads a journal from a place in it to its end, checks the chain and tells a torn tail from damage
 * (rule R8). Writes nothing. Not thread-safe.
 *
 * <p>A scan that begins at a {@link JournalAnchor} holds the journal against it: the record of that
 * transaction must be there with that checksum, so the journal is proven to be the one that the
 * checkpoint was made from and to reach back to it. Up to there nothing is a torn tail, because
 * only durable transactions are in a checkpoint.
 *
 * <p>A record is <em>readable</em> when its magic, length and checksum are right. A readable record
 * that does not continue the chain (another volume, an older epoch, a wrong LSN, another
 * predecessor) is always refused: only replaced or lost files explain it. An unreadable record x is
 *
 * <table>
 *   <caption>What an unreadable record means</caption>
 *   <tr><td>a later segment exists</td><td>damage: x was synced before that was created</td></tr>
 *   <tr><td>a later readable record says {@code syncedLsn >= x}</td><td>damage</td></tr>
 *   <tr><td>otherwise</td><td>torn tail: x was never acknowledged</td></tr>
 * </table>
 *
 * <p>Later records are searched by their magic and volume id at every byte behind x, since an
 * unreadable record does not say where it ends. A segment whose header is unreadable is a torn tail
 * if it is the last one and holds no readable record: its header is synced before its first record
 * is written.
 */
public final class SegmentScanner implements AutoCloseable {
  /**
   * Where the journal ends.
   *
   * @param segment the file to append to
   * @param offset where in it
   * @param torn whether there is something at or behind {@code offset} that must be cut
   * @param zeros whether that is nothing but the zeros that a writer keeps ahead of its records
   * @param tornSegment a last segment that never got as far as its header, to be deleted
   */
  public record Tail(
      String segment,
      long offset,
      long lastLsn,
      long lastEpoch,
      int lastCrc,
      boolean torn,
      boolean zeros,
      Optional<String> tornSegment) {}

  private static final int ZEROS_STEP = 1 << 16;

  private final JournalStore store;
  private final UUID volume;
  private final long epochMax;
  private final JournalAnchor anchor;
  private final List<String> segments;

  private int index = -1;
  private JournalStore.@Nullable JournalFile file;
  private @Nullable SegmentWindow window;
  private String segment = "";
  private long position;

  private long lastLsn;
  private long lastEpoch;
  private int lastCrc;
  private @Nullable Tail tail;

  /**
   * Scans the whole journal, from its first transaction.
   *
   * @param identity whose journal this must be; no record may be of a later epoch
   * @throws FsException ENOENT when there is no journal
   */
  public SegmentScanner(JournalStore store, VolumeIdentity identity) throws IOException {
    this(store, identity, JournalAnchor.BEGINNING, segmentsOf(store));
  }

  private SegmentScanner(
      JournalStore store, VolumeIdentity identity, JournalAnchor anchor, List<String> segments) {
    this.store = store;
    this.volume = identity.id();
    this.epochMax = identity.epoch();
    this.anchor = anchor;
    this.segments = segments;
  }

  /**
   * Scans everything behind {@code anchor}. The first records given may lie before it: the scan
   * begins with the segment that holds it.
   *
   * @param identity whose journal this must be; no record may be of a later epoch
   * @throws FsException ENOENT when there is no journal
   */
  public static SegmentScanner behind(
      JournalStore store, VolumeIdentity identity, JournalAnchor anchor) throws IOException {
    List<String> segments = segmentsOf(store);
    int first = holding(segments, Math.max(1, anchor.lsn()));
    return new SegmentScanner(
        store, identity, anchor, segments.subList(Math.max(0, first), segments.size()));
  }

  /**
   * Scans from transaction {@code lsn} on, or from the oldest there is, and believes the segment
   * that it begins with where it claims to come.
   *
   * @throws FsException ENOENT when there is no journal
   */
  public static SegmentScanner from(JournalStore store, VolumeIdentity identity, long lsn)
      throws IOException {
    List<String> segments = segmentsOf(store);
    int first = Math.max(0, holding(segments, lsn));
    SegmentScanner scanner =
        new SegmentScanner(
            store, identity, JournalAnchor.BEGINNING, segments.subList(first, segments.size()));
    scanner.lastLsn = SegmentFormat.firstLsnOf(segments.get(first)) - 1;
    return scanner;
  }

  /**
   * The first transaction that {@code store} still has a segment for.
   *
   * @throws FsException ENOENT when there is no journal
   */
  public static long firstLsn(JournalStore store) throws IOException {
    return SegmentFormat.firstLsnOf(segmentsOf(store).getFirst());
  }

  static List<String> segmentsOf(JournalStore store) throws IOException {
    List<String> segments =
        store.list().stream().filter(SegmentFormat::isSegment).sorted().toList();
    if (segments.isEmpty()) {
      throw new FsException(Errno.ENOENT, "open journal", "the volume has no journal");
    }
    return segments;
  }

  /** The index of the last segment that begins at or before {@code lsn}; -1 if none does. */
  private static int holding(List<String> segments, long lsn) {
    int found = -1;
    while (found + 1 < segments.size()
        && SegmentFormat.firstLsnOf(segments.get(found + 1)) <= lsn) {
      found++;
    }
    return found;
  }

  /** The next record, or null at the end; then {@link #tail} tells where that is. */
  public @Nullable LogRecord next() throws IOException {
    while (tail == null) {
      if (window == null || position == window.length()) {
        if (index + 1 == segments.size()) {
          refuseBeforeAnchor(segment, position);
          tail =
              new Tail(
                  segment, position, lastLsn, lastEpoch, lastCrc, false, false, Optional.empty());
        } else {
          openNext();
        }
        continue;
      }
      ByteBuffer record = readableAt(window, position);
      if (record == null) {
        record = writtenMeanwhile(window);
      }
      if (record != null) {
        return accept(record);
      }
      if (position == window.length()) {
        continue;
      }
      refuseBeforeAnchor(segment, position);
      boolean zeros = onlyZeros(window);
      tail =
          new Tail(segment, position, lastLsn, lastEpoch, lastCrc, true, zeros, Optional.empty());
    }
    return null;
  }

  private boolean onlyZeros(SegmentWindow here) throws IOException {
    for (long at = position; at < here.length(); ) {
      ByteBuffer bytes = here.at(at, ZEROS_STEP);
      if (!bytes.hasRemaining()) {
        return true; // cut a moment ago
      }
      at += bytes.remaining();
      while (bytes.hasRemaining()) {
        if (bytes.get() != 0) {
          return false;
        }
      }
    }
    return true;
  }

  /** The checksum that ends the record {@link #next} gave last. */
  public int lastCrc() {
    return lastCrc;
  }

  /** Where the journal ends; only after {@link #next} has answered null. */
  public Tail tail() {
    if (tail == null) {
      throw new IllegalStateException("the journal is not read to its end");
    }
    return tail;
  }

  private void openNext() throws IOException {
    String name = segments.get(index + 1);
    boolean last = index + 2 == segments.size();
    JournalStore.JournalFile next;
    try {
      next = store.open(name, false);
    } catch (NoSuchFileException e) {
      throw new FsException(
          Errno.ENOENT,
          "read journal",
          FsException.NONE,
          "segment " + name + " was dropped while the journal was being read",
          e);
    }
    boolean taken = false;
    try {
      SegmentWindow nextWindow = new SegmentWindow(next, true);
      SegmentFormat.Header header =
          SegmentFormat.readHeader(nextWindow.at(0, SegmentFormat.HEADER_BYTES));
      if (header == null) {
        if (index >= 0 && last && findRecord(nextWindow, 0, lastLsn + 1, 0) < 0) {
          refuseBeforeAnchor(name, 0);
          tail =
              new Tail(
                  segment, position, lastLsn, lastEpoch, lastCrc, true, false, Optional.of(name));
          return;
        }
        throw damaged(name, 0, lastLsn + 1, "the segment header is unreadable");
      }
      checkHeader(name, header);
      closeFile();
      file = next;
      window = nextWindow;
      segment = name;
      position = SegmentFormat.HEADER_BYTES;
      index++;
      taken = true;
    } finally {
      if (!taken) {
        next.close();
      }
    }
  }

  private void checkHeader(String name, SegmentFormat.Header header) throws FsException {
    if (header.version() != SegmentFormat.VERSION) {
      throw damaged(
          name,
          0,
          header.firstLsn(),
          "journal format "
              + header.version()
              + ", this version reads up to "
              + SegmentFormat.VERSION);
    }
    if (!header.volume().equals(volume)) {
      throw damaged(name, 0, header.firstLsn(), "it belongs to volume " + header.volume());
    }
    if (index < 0 && believesStart(header)) {
      lastLsn = header.firstLsn() - 1;
      lastCrc = header.previousCrc();
    }
    if (header.firstLsn() != lastLsn + 1 || header.firstLsn() != SegmentFormat.firstLsnOf(name)) {
      throw damaged(
          name,
          0,
          header.firstLsn(),
          "the segment begins with transaction "
              + header.firstLsn()
              + " where "
              + (index < 0 ? Math.max(1, anchor.lsn()) : lastLsn + 1)
              + " must come");
    }
    if (header.previousCrc() != lastCrc) {
      throw damaged(name, 0, header.firstLsn(), "it does not follow the segment before it");
    }
    checkEpoch(name, 0, header.firstLsn(), header.epoch());
  }

  /**
   * Whether what comes before the first segment of this scan need not be known: the anchor is in
   * it, or whoever asked for less than the whole journal believes it.
   */
  private boolean believesStart(SegmentFormat.Header header) {
    return lastLsn > 0 || (anchor.lsn() > 0 && header.firstLsn() <= anchor.lsn());
  }

  private LogRecord accept(ByteBuffer record) throws FsException {
    long lsn = record.getLong(SegmentFormat.AT_LSN);
    long epoch = record.getLong(SegmentFormat.AT_EPOCH);
    UUID owner = SegmentFormat.uuid(record, SegmentFormat.AT_VOLUME);
    if (!owner.equals(volume)) {
      throw damaged(segment, position, lsn, "it belongs to volume " + owner);
    }
    boolean gap = lsn > lastLsn + 1 && Mutant.B28_GAP_ACCEPTED.on();
    if (lsn != lastLsn + 1 && !gap) {
      throw damaged(segment, position, lsn, "transaction " + (lastLsn + 1) + " must come here");
    }
    checkEpoch(segment, position, lsn, epoch);
    if (record.getInt(SegmentFormat.AT_PREVIOUS) != lastCrc && !gap) {
      throw damaged(segment, position, lsn, "it does not follow the record before it");
    }
    String manifest = SegmentFormat.manifest(record);
    int body =
        SegmentFormat.RECORD_HEADER_BYTES
            + (record.getShort(SegmentFormat.AT_MANIFEST_LENGTH) & 0xFFFF);
    LogRecord read =
        new LogRecord(
            lsn,
            epoch,
            record.getLong(SegmentFormat.AT_SYNCED),
            record.getInt(SegmentFormat.AT_SERIALIZER),
            manifest,
            record.slice(body, record.limit() - 4 - body).asReadOnlyBuffer(),
            segment,
            position);
    int crc = record.getInt(record.limit() - 4);
    if (lsn == anchor.lsn() && (crc != anchor.crc() || epoch != anchor.epoch())) {
      throw damaged(segment, position, lsn, "it is not the one that the checkpoint was made from");
    }
    lastLsn = lsn;
    lastEpoch = epoch;
    lastCrc = crc;
    position += record.limit();
    return read;
  }

  private void checkEpoch(String name, long offset, long lsn, long epoch) throws FsException {
    if (epoch < lastEpoch) {
      throw damaged(
          name, offset, lsn, "epoch " + epoch + " after epoch " + lastEpoch + " was written");
    }
    if (epoch > epochMax) {
      throw damaged(name, offset, lsn, "epoch " + epoch + " but the superblock says " + epochMax);
    }
  }

  /** The record at {@code at} if magic, lengths and checksum are right; otherwise null. */
  private static @Nullable ByteBuffer readableAt(SegmentWindow window, long at) throws IOException {
    ByteBuffer head = window.at(at, SegmentFormat.RECORD_HEADER_BYTES);
    if (head.limit() < SegmentFormat.RECORD_HEADER_BYTES
        || head.getInt(0) != SegmentFormat.RECORD_MAGIC) {
      return null;
    }
    int length = head.getInt(SegmentFormat.AT_LENGTH);
    int manifest = head.getShort(SegmentFormat.AT_MANIFEST_LENGTH) & 0xFFFF;
    if (length < SegmentFormat.RECORD_BYTES_MIN + manifest
        || length > SegmentFormat.RECORD_BYTES_MAX
        || length > window.length() - at) {
      return null;
    }
    ByteBuffer record = window.at(at, length);
    if (record.limit() < length) {
      return null; // cut a moment ago
    }
    int crc = SegmentFormat.crc(record.duplicate().limit(length - 4));
    return crc == record.getInt(length - 4) ? record : null;
  }

  /**
   * The record at the present position after all, if it was written since that was read; null for a
   * torn tail.
   *
   * @throws FsException EUCLEAN when it is damage: something later says that it was durable
   */
  private @Nullable ByteBuffer writtenMeanwhile(SegmentWindow here) throws IOException {
    long bad = lastLsn + 1;
    if (index + 1 < segments.size()) {
      throw damaged(
          segment, position, bad, "it is unreadable and " + segments.get(index + 1) + " follows");
    }
    long later = findRecord(here, position + 1, bad, bad);
    if (later < 0) {
      return null;
    }
    // A living writer fills the zeros ahead of it, so that both may have come after the first look.
    here.forget();
    ByteBuffer record = readableAt(here, position);
    if (record == null) {
      throw damaged(
          segment,
          position,
          bad,
          "it is unreadable, but the record at " + later + " was written after it was durable");
    }
    return record;
  }

  /** What a checkpoint holds was durable, so nothing of it can be missing at the tail. */
  private void refuseBeforeAnchor(String where, long offset) throws FsException {
    if (lastLsn < anchor.lsn()) {
      throw damaged(
          where,
          offset,
          lastLsn + 1,
          "the journal ends here, but a checkpoint holds transaction " + anchor.lsn());
    }
  }

  /**
   * The offset of the first readable record of this volume at or behind {@code from} with an LSN of
   * at least {@code lsnMin} and a syncedLsn of at least {@code syncedMin}; -1 if there is none.
   */
  private long findRecord(SegmentWindow in, long from, long lsnMin, long syncedMin)
      throws IOException {
    long end = in.length() - SegmentFormat.RECORD_BYTES_MIN;
    int step = 1 << 16;
    for (long base = from; base <= end; base += step) {
      int candidates = (int) Math.min(step, end - base + 1);
      ByteBuffer bytes = in.at(base, candidates + SegmentFormat.RECORD_HEADER_BYTES);
      for (int i = 0;
          i < candidates && i + SegmentFormat.RECORD_HEADER_BYTES <= bytes.limit();
          i++) {
        if (bytes.getInt(i) == SegmentFormat.RECORD_MAGIC
            && SegmentFormat.uuid(bytes, i + SegmentFormat.AT_VOLUME).equals(volume)
            && bytes.getLong(i + SegmentFormat.AT_LSN) >= lsnMin
            && bytes.getLong(i + SegmentFormat.AT_SYNCED) >= syncedMin) {
          if (readableAt(in, base + i) != null) {
            return base + i;
          }
          // Looking at the candidate may have moved the window.
          bytes = in.at(base, candidates + SegmentFormat.RECORD_HEADER_BYTES);
        }
      }
    }
    return -1;
  }

  private static FsException damaged(String segment, long offset, long lsn, String what) {
    return new FsException(
        Errno.EUCLEAN,
        "open journal",
        "segment " + segment + " offset " + offset + " transaction " + lsn + ": " + what);
  }

  private void closeFile() throws IOException {
    if (file != null) {
      file.close();
      file = null;
      window = null;
    }
  }

  @Override
  public void close() throws IOException {
    closeFile();
  }
}
