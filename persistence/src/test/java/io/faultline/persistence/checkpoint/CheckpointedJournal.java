package io.faultline.persistence.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.device.JournalStore;
import io.faultline.engine.device.MemoryJournalStore;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.Tx;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.persistence.codec.TxCodec;
import io.faultline.persistence.replay.JournalReader;
import io.faultline.persistence.replay.VolumeReplay;
import io.faultline.persistence.segment.JournalAnchor;
import io.faultline.persistence.segment.SegmentLog;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.UUID;

/** A journal of small segments and the checkpoints beside it, both in any store. */
final class CheckpointedJournal implements AutoCloseable {
  static final EngineRuntime RUNTIME = EngineRuntime.production();
  static final UUID VOLUME = new UUID(0x1234_5678_9abc_def0L, 42);
  static final long SEGMENT_BYTES = 2_000;

  final JournalStore journal;
  final JournalStore files;
  final VolumeIdentity identity = new VolumeIdentity(VOLUME, 1);
  final RandomHistory history;
  final SegmentLog log;

  CheckpointedJournal(long seed) throws IOException {
    this(seed, new MemoryJournalStore(), new MemoryJournalStore());
  }

  CheckpointedJournal(long seed, JournalStore journal, JournalStore files) throws IOException {
    this.journal = journal;
    this.files = files;
    this.history = new RandomHistory(seed);
    SegmentLog.create(journal, identity);
    this.log = SegmentLog.open(RUNTIME, journal, identity, JournalAnchor.BEGINNING, SEGMENT_BYTES);
  }

  /** Makes one more transaction durable. */
  Tx append() throws IOException {
    Tx tx = history.next(1);
    log.append(tx.lsn(), TxCodec.SERIALIZER_ID, TxCodec.MANIFEST, TxCodec.encode(tx)).join();
    return tx;
  }

  void append(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      append();
    }
  }

  CheckpointStore store() {
    return new CheckpointFiles(files);
  }

  CheckpointMerge merge(CheckpointMutant... mutants) {
    return new CheckpointMerge(journal, store(), identity, java.util.Set.of(mutants));
  }

  VolumeIdentity next() {
    return new VolumeIdentity(VOLUME, 2);
  }

  /** The state behind {@code lsn}, from the first transaction on. */
  InodeTable fold(long lsn) throws IOException {
    return fold(journal, lsn);
  }

  static InodeTable fold(JournalStore journal, long lsn) throws IOException {
    try (JournalReader reader =
        JournalReader.over(journal, new VolumeIdentity(VOLUME, 2), 1, lsn)) {
      return VolumeReplay.toTable(reader, lsn);
    }
  }

  static void assertSame(InodeTable found, InodeTable expected) {
    assertThat(found.all()).isEqualTo(expected.all());
    assertThat(found.nextNumber()).isEqualTo(expected.nextNumber());
  }

  /** All files of a store, by name. */
  static NavigableMap<String, byte[]> content(JournalStore store) throws IOException {
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

  static MemoryJournalStore storeOf(Map<String, byte[]> files) throws IOException {
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

  @Override
  public void close() {
    log.close();
  }
}
