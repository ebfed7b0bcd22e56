package io.faultline.persistence.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.FileKind;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.Tx;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.persistence.codec.TxCodec;
import io.faultline.persistence.segment.SegmentLog;
import io.faultline.persistence.segment.VolumeIdentity;
import io.faultline.persistence.volume.VolumeDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Goal: history can be read beside a living writer and behind a dead one, and is never changed. */
class JournalReaderTest {
  @TempDir private Path temp;
  private Path volume;
  private VolumeDirectory directory;
  private SegmentLog log;

  @BeforeEach
  void write() throws Exception {
    volume = temp.resolve("v");
    directory = VolumeDirectory.create(volume, "ext4", 1 << 20);
    VolumeIdentity identity = directory.raiseEpoch();
    log = SegmentLog.open(EngineRuntime.production(), directory.journalStore(), identity);
    for (Tx tx : transactions()) {
      log.append(tx.lsn(), TxCodec.SERIALIZER_ID, TxCodec.MANIFEST, TxCodec.encode(tx)).get();
    }
  }

  @AfterEach
  void close() throws IOException {
    log.close();
    directory.close();
  }

  private static List<Tx> transactions() {
    List<Tx> all = new ArrayList<>();
    all.add(new Tx(1, 2, List.of(new Event.Created(2, FileKind.DIRECTORY, 0755, 0, 0, 2, "", 1))));
    for (int lsn = 2; lsn <= 5; lsn++) {
      all.add(new Tx(lsn, 2, List.of(new Event.LinksChanged(2, lsn, lsn))));
    }
    return all;
  }

  private List<Tx> read(long from, long to) throws IOException {
    List<Tx> read = new ArrayList<>();
    try (JournalReader reader = JournalReader.open(volume, from, to)) {
      for (Tx tx = reader.next(); tx != null; tx = reader.next()) {
        read.add(tx);
      }
      assertThat(reader.next()).isNull();
    }
    return read;
  }

  private Path segment() {
    return VolumeDirectory.journalDirectory(volume).resolve("0000000000000001.log");
  }

  @Test
  void readsBesideTheWriterThatHoldsTheVolume() throws IOException {
    assertThat(read(1, Long.MAX_VALUE)).isEqualTo(transactions());
    assertThat(read(2, 3)).isEqualTo(transactions().subList(1, 3));
    assertThat(read(6, 9)).isEmpty();
  }

  @Test
  void tornTailEndsItAndIsLeftAlone() throws IOException {
    Files.write(segment(), new byte[] {1, 2, 3, 4, 5, 6, 7, 8}, StandardOpenOption.APPEND);
    byte[] before = Files.readAllBytes(segment());
    assertThat(read(1, Long.MAX_VALUE)).isEqualTo(transactions());
    assertThat(Files.readAllBytes(segment())).isEqualTo(before);
  }

  @Test
  void damageIsRefusedByName() throws IOException {
    byte[] bytes = Files.readAllBytes(segment());
    bytes[100] ^= 1;
    Files.write(segment(), bytes);
    assertThatThrownBy(() -> read(1, Long.MAX_VALUE))
        .isInstanceOfSatisfying(
            FsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EUCLEAN))
        .hasMessageContaining("0000000000000001.log offset 64 transaction 1");
  }

  @Test
  void replayStopsAtAnyMoment() throws IOException {
    for (int lsn = 0; lsn <= 5; lsn++) {
      InodeTable expected = new InodeTable();
      transactions().subList(0, lsn).forEach(tx -> tx.events().forEach(expected::apply));
      try (JournalReader reader = JournalReader.open(volume)) {
        assertThat(VolumeReplay.toTable(reader, lsn).all()).isEqualTo(expected.all());
      }
    }
  }

  @Test
  void replayRefusesWhatDoesNotFit() throws Exception {
    Tx bad = new Tx(6, 2, List.of(new Event.LinksChanged(77, 1, 1)));
    log.append(6, TxCodec.SERIALIZER_ID, TxCodec.MANIFEST, TxCodec.encode(bad)).get();
    try (JournalReader reader = JournalReader.open(volume)) {
      assertThatThrownBy(() -> VolumeReplay.toTable(reader, Long.MAX_VALUE))
          .isInstanceOf(FsException.class)
          .hasMessageContaining("transaction 6");
    }
  }

  @Test
  void bodyThatIsNoTransactionIsRefusedByName() throws Exception {
    log.append(6, TxCodec.SERIALIZER_ID, TxCodec.MANIFEST, new byte[] {1, 2}).get();
    assertThatThrownBy(() -> read(6, 6))
        .isInstanceOf(FsException.class)
        .hasMessageContaining("transaction 6")
        .hasMessageContaining("at byte");
    log.append(7, 1, "X", new byte[] {}).get();
    assertThatThrownBy(() -> read(7, 7)).hasMessageContaining("form 1/X is unknown");
  }
}
