package io.faultline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.inode.Event;
import io.faultline.engine.journal.Tx;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.persistence.codec.TxCodec;
import io.faultline.persistence.segment.SegmentLog;
import io.faultline.persistence.volume.VolumeDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A volume that has a journal and nothing else, and the verb {@code journal} on it. */
final class JournalOnDisk {
  final Path directory;
  private final VerbRun verbs = new VerbRun();

  JournalOnDisk(Path directory) {
    this.directory = directory;
  }

  /** Makes the volume; each list of events is a transaction, from 1 on. */
  static JournalOnDisk create(Path directory, List<List<Event>> transactions) throws IOException {
    VolumeDirectory.create(directory, "ext4", 1 << 20).close();
    JournalOnDisk made = new JournalOnDisk(directory);
    made.append(1, transactions);
    return made;
  }

  /** Appends transactions to the journal of a volume that nobody has open. */
  void append(long firstLsn, List<List<Event>> transactions) throws IOException {
    try (VolumeDirectory volume = VolumeDirectory.open(directory, false);
        SegmentLog log =
            SegmentLog.open(
                EngineRuntime.production(),
                volume.journalStore(),
                firstLsn == 1 ? volume.superblock().identity() : volume.raiseEpoch())) {
      long lsn = firstLsn;
      for (List<Event> events : transactions) {
        byte[] payload = TxCodec.encode(new Tx(lsn, volume.superblock().epoch(), events));
        log.append(lsn, TxCodec.SERIALIZER_ID, TxCodec.MANIFEST, payload).join();
        lsn++;
      }
    }
  }

  Path lastSegment() throws IOException {
    try (Stream<Path> segments = Files.list(VolumeDirectory.journalDirectory(directory))) {
      return segments.max(Comparator.naturalOrder()).orElseThrow();
    }
  }

  VerbRun.Outcome run(byte[] input, String... words) {
    return verbs.run(
        input,
        Stream.concat(Stream.of("journal", directory.toString()), Stream.of(words))
            .toArray(String[]::new));
  }

  VerbRun.Outcome run(String... words) {
    return run(new byte[0], words);
  }

  /** The lines of a verb that has to hold and has nothing to say on standard error. */
  List<String> lines(String... words) {
    VerbRun.Outcome outcome = run(words);
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.HELD);
    return outcome.out().lines().toList();
  }
}
