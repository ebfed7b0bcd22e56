package io.faultline.persistence.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.device.JournalStore;
import io.faultline.engine.device.MemoryJournalStore;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.runtime.EngineRuntime;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: rule R8. What was acknowledged comes back after a power cut; a torn tail is cut; damage is
 * refused by name with nothing changed. Method: journals in memory, torn, flipped and recombined
 * byte by byte, and mutants that the same observations must find.
 */
@Timeout(60)
class SegmentLogTest {
  private static final EngineRuntime RUNTIME = EngineRuntime.production();
  private static final UUID VOLUME = new UUID(0x1234_5678_9abc_def0L, 42);
  private static final UUID OTHER = new UUID(1, 2);
  private static final long LARGE = 1 << 20;
  private static final int SERIALIZER = 99;

  private static VolumeIdentity epoch(long epoch) {
    return new VolumeIdentity(VOLUME, epoch);
  }

  private static byte[] payload(long lsn) {
    return ("transaction " + lsn).getBytes(StandardCharsets.UTF_8);
  }

  private static SegmentLog open(
      JournalStore store, long epoch, long segmentBytesMax, LogMutant... mutants)
      throws IOException {
    return SegmentLog.open(RUNTIME, store, epoch(epoch), segmentBytesMax, Set.of(mutants));
  }

  private static void append(SegmentLog log, long lsn) throws Exception {
    log.append(lsn, SERIALIZER, "M", payload(lsn)).get();
  }

  /** A journal with transactions 1 to {@code count}. */
  private static MemoryJournalStore journal(int count, long segmentBytesMax) throws Exception {
    MemoryJournalStore store = new MemoryJournalStore();
    SegmentLog.create(store, epoch(1));
    try (SegmentLog log = open(store, 1, segmentBytesMax)) {
      for (int lsn = 1; lsn <= count; lsn++) {
        append(log, lsn);
      }
    }
    return store;
  }

  private static NavigableMap<String, byte[]> files(JournalStore store) throws IOException {
    TreeMap<String, byte[]> files = new TreeMap<>();
    for (String name : store.list()) {
      try (JournalStore.JournalFile file = store.open(name, false)) {
        ByteBuffer bytes = ByteBuffer.allocate((int) file.length());
        file.read(bytes, 0);
        files.put(name, bytes.array());
      }
    }
    return files;
  }

  private static MemoryJournalStore storeOf(Map<String, byte[]> files) throws IOException {
    MemoryJournalStore store = new MemoryJournalStore();
    for (Map.Entry<String, byte[]> e : files.entrySet()) {
      try (JournalStore.JournalFile file = store.open(e.getKey(), true)) {
        file.write(ByteBuffer.wrap(e.getValue()), 0);
        file.sync();
      }
    }
    store.syncDirectory();
    return store;
  }

  private static MemoryJournalStore storeOf(byte[] firstSegment) throws IOException {
    return storeOf(Map.of(SegmentFormat.nameOf(1), firstSegment));
  }

  private static byte[] only(JournalStore store) throws IOException {
    return files(store).firstEntry().getValue();
  }

  /** What a recovery gives, checked record by record. */
  private static long recovered(JournalStore store, long epoch) throws Exception {
    try (SegmentLog log = open(store, epoch, LARGE)) {
      List<Long> lsns = new ArrayList<>();
      log.replay(
              1,
              Long.MAX_VALUE,
              Long.MAX_VALUE,
              r -> {
                byte[] bytes = new byte[r.payload().remaining()];
                r.payload().get(bytes);
                assertThat(bytes).isEqualTo(payload(r.lsn()));
                assertThat(r.serializerId()).isEqualTo(SERIALIZER);
                assertThat(r.manifest()).isEqualTo("M");
                lsns.add(r.lsn());
              })
          .get();
      assertThat(lsns).hasSize((int) log.lastLsn());
      return log.lastLsn();
    }
  }

  private static void assertRefused(MemoryJournalStore store, long epoch, String... texts)
      throws IOException {
    Map<String, byte[]> before = files(store);
    long syncs = store.syncs();
    assertThatThrownBy(() -> open(store, epoch, LARGE))
        .isInstanceOfSatisfying(
            FsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EUCLEAN))
        .hasMessageContainingAll(texts);
    assertThat(store.syncs()).isEqualTo(syncs);
    assertThat(files(store).keySet()).isEqualTo(before.keySet());
    files(store).forEach((name, bytes) -> assertThat(bytes).isEqualTo(before.get(name)));
  }

  private static int recordLength(long lsn) {
    return SegmentFormat.RECORD_BYTES_MIN + 1 + payload(lsn).length;
  }

  // --- torn tails

  @Test
  void tailTornAtAnyByteIsCutAndTheNextTransactionTakesItsPlace() throws Exception {
    byte[] whole = only(journal(3, LARGE));
    int start = whole.length - recordLength(3);
    for (int length = start; length < whole.length; length++) {
      MemoryJournalStore store = storeOf(Arrays.copyOf(whole, length));
      try (SegmentLog log = open(store, 2, LARGE)) {
        assertThat(log.lastLsn()).as("torn at %s", length).isEqualTo(2);
        append(log, 3);
      }
      assertThat(recovered(store.crash(), 3)).isEqualTo(3);
    }
  }

  @Test
  void anyBitFlippedInTheLastRecordMakesItATornTail() throws Exception {
    byte[] whole = only(journal(3, LARGE));
    for (int at = whole.length - recordLength(3); at < whole.length; at++) {
      byte[] bytes = whole.clone();
      bytes[at] ^= (byte) (1 << (at % 8));
      assertThat(recovered(storeOf(bytes), 2)).as("flipped at %s", at).isEqualTo(2);
    }
  }

  @Test
  void anyBitFlippedBeforeTheLastRecordIsRefusedByNameAndNothingIsChanged() throws Exception {
    byte[] whole = only(journal(3, LARGE));
    int second = SegmentFormat.HEADER_BYTES + recordLength(1);
    int third = second + recordLength(2);
    for (int at = 0; at < third; at++) {
      byte[] bytes = whole.clone();
      bytes[at] ^= (byte) (1 << (at % 8));
      int offset =
          at < SegmentFormat.HEADER_BYTES ? 0 : at < second ? SegmentFormat.HEADER_BYTES : second;
      assertRefused(
          storeOf(bytes),
          2,
          "segment "
              + SegmentFormat.nameOf(1)
              + " offset "
              + offset
              + " transaction "
              + (offset == second ? 2 : 1));
    }
  }

  @Test
  void zerosInTheMiddleAreRefused() throws Exception {
    byte[] whole = only(journal(4, LARGE));
    Arrays.fill(whole, SegmentFormat.HEADER_BYTES, SegmentFormat.HEADER_BYTES + 100, (byte) 0);
    assertRefused(storeOf(whole), 2, "transaction 1", "was written after it was durable");
  }

  /** Two records of one write: the first one lost, the second one on disk, neither acknowledged. */
  @Test
  void lostRecordIsCutTogetherWithALaterOneThatWasNotSyncedEither() throws Exception {
    Recorder recorder = new Recorder(epoch(1)).add(1, 0).add(2, 1);
    int keep = recorder.length();
    byte[] bytes = recorder.add(3, 2).add(4, 2).bytes();
    bytes[keep + 60] ^= 1;
    MemoryJournalStore store = storeOf(bytes);
    assertThat(recovered(store, 2)).isEqualTo(2);
    assertThat(only(store)).hasSize(keep);
    byte[] damaged = recorder.add(5, 4).bytes();
    damaged[keep + 60] ^= 1;
    assertRefused(storeOf(damaged), 2, "offset " + keep + " transaction 3");
  }

  /** What the last opening acknowledged behind eight foreign bytes, as far as it comes back. */
  private static long recoveredBehindForeignBytes(LogMutant... mutants) throws Exception {
    byte[] whole = only(journal(3, LARGE));
    byte[] foreign = Arrays.copyOf(whole, whole.length + 8);
    Arrays.fill(foreign, whole.length, foreign.length, (byte) 0x5A);
    MemoryJournalStore store = storeOf(foreign);
    try (SegmentLog log = open(store, 2, LARGE, mutants)) {
      append(log, 4);
    }
    return recovered(store.crash(), 3);
  }

  @Test
  void whatIsAcknowledgedBehindEightForeignBytesComesBack() throws Exception {
    assertThat(recoveredBehindForeignBytes()).isEqualTo(4);
  }

  @Test
  void appendingBehindATornTailWithoutCuttingItIsSeenAsLostAcknowledgements() throws Exception {
    assertThat(recoveredBehindForeignBytes(LogMutant.NO_CUT)).isEqualTo(3);
  }

  // --- power cuts

  /** Cuts the power behind every acknowledgement; how many of them were lost. */
  private static int lostAcknowledgements(long segmentBytesMax, LogMutant... mutants)
      throws Exception {
    return lostAcknowledgements(new MemoryJournalStore(), segmentBytesMax, mutants);
  }

  private static int lostAcknowledgements(
      MemoryJournalStore store, long segmentBytesMax, LogMutant... mutants) throws Exception {
    SegmentLog.create(store, epoch(1));
    int lost = 0;
    try (SegmentLog log = open(store, 1, segmentBytesMax, mutants)) {
      for (long lsn = 1; lsn <= 12; lsn++) {
        append(log, lsn);
        lost += recovered(store.crash(), 2) < lsn ? 1 : 0;
        if (mutants.length == 0) {
          // Whatever of the unsynced survives, the acknowledged does, and nothing is refused.
          assertThat(recovered(store.crash(lsn), 2)).isEqualTo(lsn);
        }
      }
    }
    return lost;
  }

  @Test
  void acknowledgedRecordsSurviveAPowerCut() throws Exception {
    assertThat(lostAcknowledgements(LARGE)).isZero();
  }

  @Test
  void acknowledgedRecordsOfNewSegmentsSurviveAPowerCut() throws Exception {
    assertThat(lostAcknowledgements(200)).isZero();
  }

  @Test
  void acknowledgingBeforeTheSyncIsSeenAsLost() throws Exception {
    assertThat(lostAcknowledgements(LARGE, LogMutant.ACKNOWLEDGE_BEFORE_SYNC)).isPositive();
  }

  @Test
  void whatAKilledProcessLeftUnsyncedIsSyncedBeforeItIsBelieved() throws Exception {
    MemoryJournalStore store = journal(2, LARGE);
    byte[] third = new Recorder(epoch(1)).add(1, 0).add(2, 1).add(3, 2).bytes();
    try (JournalStore.JournalFile file = store.open(SegmentFormat.nameOf(1), false)) {
      file.write(ByteBuffer.wrap(third), 0);
    }
    open(store, 2, LARGE).close();
    assertThat(recovered(store.crash(), 3)).isEqualTo(3);
  }

  // --- zeros ahead

  @Test
  void acknowledgedRecordsInFrontOfZerosSurviveAPowerCut() throws Exception {
    for (int ahead : new int[] {1, 100, 700, 100_000}) {
      assertThat(lostAcknowledgements(new MemoryJournalStore(ahead), LARGE)).isZero();
      assertThat(lostAcknowledgements(new MemoryJournalStore(ahead), 200)).isZero();
    }
  }

  @Test
  void zerosLeftInFrontOfAnotherSegmentAreSeen() throws Exception {
    MemoryJournalStore store = new MemoryJournalStore(1000);
    SegmentLog.create(store, epoch(1));
    try (SegmentLog log = open(store, 1, 200, LogMutant.NO_SEAL)) {
      append(log, 1);
      append(log, 2);
      append(log, 3);
    }
    assertRefused(store, 2, "it is unreadable and", "follows");
  }

  @Test
  void closedJournalEndsWithItsLastRecord() throws Exception {
    MemoryJournalStore store = new MemoryJournalStore(1000);
    SegmentLog.create(store, epoch(1));
    try (SegmentLog log = open(store, 1, LARGE)) {
      append(log, 1);
      assertThat(only(store)).hasSize(SegmentFormat.HEADER_BYTES + recordLength(1) + 1000);
      append(log, 2);
      assertThat(only(store)).hasSize(SegmentFormat.HEADER_BYTES + recordLength(1) + 1000);
    }
    assertThat(only(store)).isEqualTo(only(journal(2, LARGE)));
  }

  @Test
  void recordThatIsLostAmongZerosButWasDurableIsRefused() throws Exception {
    MemoryJournalStore store = new MemoryJournalStore(1000);
    SegmentLog.create(store, epoch(1));
    byte[] killed;
    try (SegmentLog log = open(store, 1, LARGE)) {
      for (int lsn = 1; lsn <= 4; lsn++) {
        append(log, lsn);
      }
      killed = only(store);
    }
    assertThat(recovered(storeOf(killed), 2)).isEqualTo(4);
    int at = SegmentFormat.HEADER_BYTES + recordLength(1);
    Arrays.fill(killed, at, at + recordLength(2), (byte) 0);
    assertRefused(storeOf(killed), 2, "offset " + at + " transaction 2");
  }

  /**
   * A reader looks at the zeros behind the first record, then the writer goes on for more than the
   * reader had read. What it finds behind the zeros is then no sign of damage.
   */
  @Test
  void whatTheWriterPutsIntoTheZerosDuringAReadIsNoDamage() throws Exception {
    int window = 1 << 20; // of the reader
    MemoryJournalStore store = new MemoryJournalStore(4 * window);
    SegmentLog.create(store, epoch(1));
    try (SegmentLog log = open(store, 1, 8L * window)) {
      append(log, 1);
      // Zeros for more than the reader reads at once.
      log.append(2, SERIALIZER, "M", new byte[2 * window]).get();
      append(log, 3);
      try (SegmentScanner reader = SegmentScanner.from(store, epoch(1), 1)) {
        for (long lsn = 1; lsn <= 3; lsn++) {
          LogRecord record = reader.next();
          assertThat(record == null ? 0 : record.lsn()).isEqualTo(lsn);
        }
        for (long lsn = 4; lsn <= 3 + 3; lsn++) {
          log.append(lsn, SERIALIZER, "M", new byte[window / 2]).get();
        }
        long last = 3;
        for (LogRecord r = reader.next(); r != null; r = reader.next()) {
          last = r.lsn();
        }
        assertThat(last).isEqualTo(6);
      }
    }
  }

  /** A store whose first read ends after a page; the writer acts before the next one. */
  private record Interrupted(JournalStore store, Runnable writer) implements JournalStore {
    @Override
    public List<String> list() throws IOException {
      return store.list();
    }

    @Override
    public JournalFile open(String name, boolean create) throws IOException {
      JournalFile file = store.open(name, create);
      return new JournalFile() {
        private boolean acted;

        @Override
        public long length() throws IOException {
          return file.length();
        }

        @Override
        public int read(ByteBuffer dst, long position) throws IOException {
          if (acted) {
            return file.read(dst, position);
          }
          acted = true;
          ByteBuffer page = ByteBuffer.allocate(4096);
          int read = file.read(page, position);
          dst.put(page.flip());
          writer.run();
          return read;
        }

        @Override
        public void write(ByteBuffer src, long position) throws IOException {
          throw new IOException("a reader");
        }

        @Override
        public void sync() {}

        @Override
        public void truncate(long length) throws IOException {
          throw new IOException("a reader");
        }

        @Override
        public void close() throws IOException {
          file.close();
        }
      };
    }

    @Override
    public void delete(String name) throws IOException {
      throw new IOException("a reader");
    }

    @Override
    public void syncDirectory() {}
  }

  /** One read is no moment: its first page may be older than its last. */
  @Test
  void whatTheWriterPutsIntoTheZerosWithinOneReadIsNoDamage() throws Exception {
    MemoryJournalStore store = new MemoryJournalStore(1 << 18);
    SegmentLog.create(store, epoch(1));
    try (SegmentLog log = open(store, 1, LARGE)) {
      append(log, 1);
      Runnable writer =
          () -> {
            log.append(2, SERIALIZER, "M", new byte[8192]).join();
            log.append(3, SERIALIZER, "M", new byte[1]).join();
          };
      try (SegmentScanner reader =
          SegmentScanner.from(new Interrupted(store, writer), epoch(1), 1)) {
        long last = 0;
        for (LogRecord r = reader.next(); r != null; r = reader.next()) {
          last = r.lsn();
        }
        assertThat(last).isEqualTo(3);
      }
    }
  }

  // --- segments

  @Test
  void segmentsFollowEachOther() throws Exception {
    MemoryJournalStore store = journal(7, 250);
    assertThat(store.list().size()).isGreaterThan(2);
    assertThat(recovered(store, 2)).isEqualTo(7);
  }

  @Test
  void missingSegmentIsRefused() throws Exception {
    Map<String, byte[]> whole = files(journal(7, 250));
    List<String> names = List.copyOf(whole.keySet());
    for (String name : names.subList(0, names.size() - 1)) {
      TreeMap<String, byte[]> files = new TreeMap<>(whole);
      files.remove(name);
      assertRefused(storeOf(files), 2, "must come");
    }
  }

  @Test
  void tornTailInFrontOfAnotherSegmentIsRefused() throws Exception {
    NavigableMap<String, byte[]> files = files(journal(7, 250));
    files.replace(files.firstKey(), Arrays.copyOf(files.firstEntry().getValue(), 150));
    assertRefused(storeOf(files), 2, files.firstKey(), "follows");
  }

  @Test
  void segmentThatNeverGotItsHeaderIsRemoved() throws Exception {
    for (int length : new int[] {0, 1, 63, 64}) {
      NavigableMap<String, byte[]> files = files(journal(3, LARGE));
      files.put(SegmentFormat.nameOf(4), new byte[length]);
      MemoryJournalStore store = storeOf(files);
      try (SegmentLog log = open(store, 2, LARGE)) {
        assertThat(log.lastLsn()).isEqualTo(3);
        append(log, 4);
      }
      assertThat(store.crash().list()).containsExactly(SegmentFormat.nameOf(1));
      assertThat(recovered(store, 3)).isEqualTo(4);
    }
  }

  @Test
  void unreadableHeaderInFrontOfReadableRecordsIsRefused() throws Exception {
    NavigableMap<String, byte[]> files = files(journal(3, 200));
    files.lastEntry().getValue()[20] ^= 1;
    assertRefused(storeOf(files), 2, files.lastKey(), "header is unreadable");
  }

  @Test
  void newerFormatIsRefusedByNumber() throws Exception {
    byte[] bytes = only(journal(1, LARGE));
    ByteBuffer header = ByteBuffer.wrap(bytes).putInt(8, 2);
    header.putInt(60, SegmentFormat.crc(header.duplicate().limit(60)));
    assertRefused(storeOf(bytes), 2, "format 2, this version reads up to 1");
  }

  // --- the chain

  /** Builds a segment record by record, in any way that is wrong. */
  private static final class Recorder {
    private final ByteBuffer out = ByteBuffer.allocate(4096);
    private VolumeIdentity volume;
    private int previous;

    Recorder(VolumeIdentity volume) {
      this.volume = volume;
      out.put(SegmentFormat.header(volume, 1, 0));
    }

    Recorder as(VolumeIdentity other) {
      volume = other;
      return this;
    }

    Recorder follows(int crc) {
      previous = crc;
      return this;
    }

    Recorder add(long lsn, long synced) {
      byte[] manifest = {'M'};
      previous =
          SegmentFormat.putRecord(
              out, volume, lsn, synced, previous, SERIALIZER, manifest, payload(lsn));
      return this;
    }

    int length() {
      return out.position();
    }

    byte[] bytes() {
      return Arrays.copyOf(out.array(), out.position());
    }
  }

  @Test
  void readableRecordsThatDoNotContinueTheChainAreRefusedByName() throws Exception {
    assertRefused(
        storeOf(
            new Recorder(epoch(1)).add(1, 0).as(new VolumeIdentity(OTHER, 1)).add(2, 1).bytes()),
        9,
        "transaction 2",
        "belongs to volume " + OTHER);
    assertRefused(
        storeOf(new Recorder(epoch(1)).as(epoch(3)).add(1, 0).as(epoch(2)).add(2, 1).bytes()),
        9,
        "transaction 2",
        "epoch 2 after epoch 3");
    assertRefused(
        storeOf(new Recorder(epoch(1)).as(epoch(5)).add(1, 0).bytes()),
        4,
        "transaction 1",
        "epoch 5 but the superblock says 4");
    assertRefused(
        storeOf(new Recorder(epoch(1)).add(1, 0).add(3, 1).bytes()),
        9,
        "transaction 3",
        "transaction 2 must come here");
    assertRefused(
        storeOf(new Recorder(epoch(1)).add(1, 0).follows(77).add(2, 1).bytes()),
        9,
        "transaction 2",
        "does not follow the record before it");
    assertRefused(
        storeOf(new Recorder(new VolumeIdentity(OTHER, 1)).bytes()), 9, "volume " + OTHER);
  }

  @Test
  void epochThatIsNotNewerThanTheJournalIsRefused() throws Exception {
    assertRefused(journal(1, LARGE), 1, "epoch 1 is not newer");
  }

  @Test
  void storeWithoutAJournalIsAnError() {
    assertThatThrownBy(() -> open(new MemoryJournalStore(), 1, LARGE))
        .isInstanceOfSatisfying(
            FsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
  }

  // --- appending

  @Test
  void whatQueuesUpDuringAWriteSharesTheNextSync() throws Exception {
    MemoryJournalStore store = journal(1, LARGE);
    CountDownLatch busy = new CountDownLatch(1);
    try (SegmentLog log = open(store, 2, LARGE)) {
      CompletableFuture<Void> replay = log.replay(1, 1, 1, r -> awaitLatch(busy));
      List<CompletableFuture<Void>> writes = new ArrayList<>();
      for (long lsn = 2; lsn <= 101; lsn++) {
        writes.add(log.append(lsn, SERIALIZER, "M", payload(lsn)));
      }
      long syncs = store.syncs();
      busy.countDown();
      replay.get();
      CompletableFuture.allOf(writes.toArray(CompletableFuture<?>[]::new)).get();
      // The writer may have gone to sleep with the replay alone: then the first write is one too.
      assertThat(store.syncs() - syncs).isBetween(1L, 2L);
    }
    assertThat(recovered(store, 3)).isEqualTo(101);
  }

  @Test
  void whoAppendsAloneWritesOnItsOwnThreadAndWhoAppendsBesideAReplayDoesNotWait() throws Exception {
    MemoryJournalStore store = journal(1, LARGE);
    CountDownLatch busy = new CountDownLatch(1);
    AtomicReference<@Nullable Thread> writer = new AtomicReference<>();
    try (SegmentLog log = open(store, 2, LARGE)) {
      CompletableFuture<Void> alone = log.append(2, SERIALIZER, "M", payload(2));
      assertThat(alone).isCompleted();
      CompletableFuture<Void> replay = log.replay(1, 1, 1, r -> awaitLatch(busy));
      CompletableFuture<Void> beside = log.append(3, SERIALIZER, "M", payload(3));
      CompletableFuture<Void> noted = beside.thenRun(() -> writer.set(Thread.currentThread()));
      assertThat(beside).isNotDone();
      busy.countDown();
      replay.get();
      noted.get();
    }
    assertThat(writer.get()).isNotNull().isNotSameAs(Thread.currentThread());
    assertThat(recovered(store, 3)).isEqualTo(3);
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void assertDeadAfter(
      MemoryJournalStore store, SegmentLog log, ThrowingCallable first) {
    assertThatThrownBy(first).hasMessageContaining("injected");
    store.heal();
    assertThatThrownBy(() -> append(log, 2)).hasMessageContaining("injected");
    assertThatThrownBy(() -> append(log, 3)).hasMessageContaining("injected");
  }

  @Test
  void nothingIsAcceptedAfterAFailedWriteOrSync() throws Exception {
    for (boolean sync : new boolean[] {true, false}) {
      MemoryJournalStore store = journal(1, LARGE);
      try (SegmentLog log = open(store, 2, LARGE)) {
        if (sync) {
          store.failSync(1, false);
        } else {
          store.failWrite(1, false);
        }
        assertDeadAfter(store, log, () -> append(log, 2));
      }
      assertThat(recovered(store.crash(), 3)).isEqualTo(1);
    }
  }

  @Test
  void closeWritesWhatIsQueuedAndRefusesMore() throws Exception {
    MemoryJournalStore store = journal(1, LARGE);
    SegmentLog log = open(store, 2, LARGE);
    CompletableFuture<Void> last = log.append(2, SERIALIZER, "M", payload(2));
    log.close();
    assertThat(last).isCompleted();
    assertThat(log.append(3, SERIALIZER, "M", payload(3))).isCompletedExceptionally();
    assertThat(recovered(store.crash(), 3)).isEqualTo(2);
  }
}
